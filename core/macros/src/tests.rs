//! What the attribute says where it is used wrongly.

use proc_macro2::TokenStream;

use crate::expand::try_traced;

fn tokens(text: &str) -> TokenStream {
    text.parse().unwrap()
}

#[track_caller]
fn fails(options: &str, item: &str, why: &str) {
    let error = try_traced(tokens(options), tokens(item)).unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
}

const PLAIN: &str = "fn f(a: u8, (b, c): (u8, u8)) -> Result<(), ()> { Ok(()) }";

#[test]
fn options_that_are_wrong_are_named() {
    let tracer = "the first argument is the tracer";
    for missing in ["", "err", "args, err", "name = \"n\"", "tags(a = 1)"] {
        fails(missing, PLAIN, tracer);
    }
    fails("TRACER, level", PLAIN, "`name`, `args`, `skip`, `tags`, `parent`, `err`");
    fails("TRACER, \"name\"", PLAIN, "no option of `#[traced]`");
    fails("TRACER args", PLAIN, "expected `,`");
    fails("TRACER, name", PLAIN, "expected `name = value`");
    fails("TRACER, name(n)", PLAIN, "expected `name = value`");
    fails("TRACER, parent,", PLAIN, "expected `parent = value`");
    fails("TRACER, err, err", PLAIN, "`err` is given twice");
    fails("TRACER, tags(a = 1), tags(b = 1)", PLAIN, "`tags` is given twice");
    fails("TRACER, err = \"full\"", PLAIN, "`err = \"display\"`");
    fails("TRACER, err = display", PLAIN, "`err = \"display\"`");
    fails("TRACER, err = ", PLAIN, "`err = \"display\"`");
}

#[test]
fn arguments_that_are_wrong_are_named() {
    fails("TRACER, skip(a)", PLAIN, "`args`, which is not there");
    fails("TRACER, args, skip = a", PLAIN, "expected a list: `skip(..)`");
    fails("TRACER, args, skip(x)", PLAIN, "no argument is called `x`");
    fails("TRACER, args", PLAIN, "`args` needs a name for each argument");
    fails("TRACER, tags", PLAIN, "expected a list: `tags(..)`");
    fails("TRACER, tags(\"a\")", PLAIN, "expected `= value` behind the key");
    fails("TRACER, tags({KEY})", PLAIN, "expected `= value` behind the key");
    fails("TRACER, tags(self.a)", PLAIN, "expected `= value`, a comma, or the end");
    fails("TRACER, tags(1 = 2)", PLAIN, "a key is a name, a string, or a constant in braces");
    fails("TRACER, tags(a = )", PLAIN, "expected an expression");
}

#[test]
fn items_that_cannot_be_traced_are_named() {
    fails("TRACER", "struct S { a: u8 }", "goes on a function");
    fails("TRACER", "static F: u8 = 1;", "goes on a function");
    fails("TRACER", "const fn f() {}", "a `const fn` cannot be traced");
    fails("TRACER", "fn f(&self);", "a function without a body cannot be traced");
    fails("TRACER, err", "fn f() {}", "`err` needs a function that returns a `Result`");
    fails(
        "TRACER, err",
        "fn f() -> ! { loop {} }",
        "`err` needs a function that returns a `Result`",
    );
    fails("TRACER, err", "async fn f() {}", "`err` needs a function that returns a `Result`");
}

/// Where something is wrong the function is there all the same, so that no other error follows.
#[test]
fn what_cannot_be_traced_is_left_as_it_was() {
    let expanded = crate::expand::traced(tokens("err"), tokens(PLAIN)).to_string();
    assert!(expanded.contains("compile_error"));
    assert!(expanded.ends_with(&tokens(PLAIN).to_string()));
}

/// Nine tags are more than one call takes.
#[test]
fn tags_without_number() {
    let item = tokens("fn f(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8) {}");
    let expanded = try_traced(tokens("TRACER, args"), item).unwrap().to_string();
    assert_eq!(expanded.matches(":: tag !").count(), 1);
}
