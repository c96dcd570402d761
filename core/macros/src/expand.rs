//! The function anew, with its span.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Error, Expr, Pat, Result, ReturnType};

use crate::function::{Function, Output, is_short_lived_str, name_of};
use crate::options::{Failure, Options, Tag};

/// The most tags that one call of spandrel's macros takes.
const MOST_TAGS: usize = 8;

/// The traced function; with a fault in the options, the error and the function as it was.
pub(crate) fn traced(options: TokenStream, item: TokenStream) -> TokenStream {
    try_traced(options, item.clone()).unwrap_or_else(|error| {
        let error = error.into_compile_error();
        quote!(#error #item)
    })
}

/// The traced function.
pub(crate) fn try_traced(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let function = Function::of(item)?;
    let options = syn::parse2::<Options>(options)?;
    let body = body(&function, &options)?;
    let Function { attributes, visibility, signature, .. } = &function;
    Ok(quote! {
        #(#attributes)*
        #visibility #signature {
            #body
        }
    })
}

fn body(function: &Function, options: &Options) -> Result<TokenStream> {
    // Names that the body cannot see.
    let [span, scope, result] = ["span", "scope", "result"].map(|name| Ident::new(name, here()));
    let start = start(function, options, &span)?;
    let body = &function.body;
    let is_async = function.signature.asyncness.is_some();
    let Some((word, failure)) = &options.err else {
        if !is_async {
            return Ok(quote! {
                #start
                let #scope = #span.enter();
                #body
            });
        }
        let run = |output| {
            quote! {
                ::spandrel::FutureExt::in_span(
                    ::spandrel::wrap::output::<#output, _>(async move #body),
                    #span,
                ).await
            }
        };
        let run = match function.output() {
            Output::Type(output) => run(output),
            // `!` is no type that can be written here.
            Output::Never => {
                let run = run(quote!(::core::convert::Infallible));
                quote!(match #run {})
            }
        };
        return Ok(quote!(#start #run));
    };
    let output = match (&function.signature.output, function.output()) {
        (ReturnType::Type(..), Output::Type(output)) => output,
        _ => {
            let why = "`err` needs a function that returns a `Result`";
            return Err(Error::new(word.span(), why));
        }
    };
    let failed = match failure {
        Failure::Kind => "failed",
        Failure::Display => "failed_display",
        Failure::Debug => "failed_debug",
    };
    let failed = format_ident!("{failed}", span = here());
    // Where the type does not fit, it is what is wrong.
    let at = match &function.signature.output {
        ReturnType::Default => word.span(),
        ReturnType::Type(_, ty) => ty.span(),
    };
    let at = at.resolved_at(here());
    let failed = quote_spanned!(at=> ::spandrel::wrap::#failed);
    Ok(if is_async {
        quote! {
            #start
            let #result = ::spandrel::wrap::output::<#output, _>(async move #body);
            // A closure, in which a fault of the type is said once.
            ::spandrel::wrap::watch(#result, #span, |#span, #result| #failed(#span, #result)).await
        }
    } else {
        quote! {
            #start
            let #result = {
                let #scope = #span.enter();
                ::spandrel::wrap::call::<#output, _>(move || #body)
            };
            #failed(&#span, &#result);
            #result
        }
    })
}

/// Starts the span with its tags.
fn start(function: &Function, options: &Options, span: &Ident) -> Result<TokenStream> {
    let tags = tags(function, options)?;
    let mut calls = tags.chunks(MOST_TAGS);
    let first = calls.next().unwrap_or_default();
    let more = calls.map(|tags| quote!(::spandrel::tag!(#span #(, #tags)*);));
    let tracer = &options.tracer;
    let parent = options.parent.as_ref().map(|parent| quote!(child_of: #parent,));
    let name = options.name.as_ref().map_or_else(
        || function.signature.ident.unraw().to_string().into_token_stream(),
        |name| name.into_token_stream(),
    );
    Ok(quote! {
        let #span = ::spandrel::span!(#tracer, #parent #name #(, #first)*);
        #(#more)*
    })
}

/// `key = value` for each tag.
fn tags(function: &Function, options: &Options) -> Result<Vec<TokenStream>> {
    for name in &options.skip {
        if function.argument(name).is_none() {
            return Err(Error::new(name.span(), format!("no argument is called `{name}`")));
        }
    }
    let mut tags = Vec::new();
    if options.args.is_some() {
        for argument in function.arguments() {
            let Some(name) = name_of(argument) else {
                if matches!(&*argument.pat, Pat::Wild(_)) {
                    continue;
                }
                let why = "`args` needs a name for each argument: give it one, or use `tags(..)`";
                return Err(Error::new_spanned(&argument.pat, why));
            };
            if !options.skip.contains(name) {
                let value = named(function, name);
                tags.push(quote!(#name = #value));
            }
        }
    }
    tags.extend(options.tags.iter().map(|tag| match tag {
        Tag::Named(name) => {
            let value = named(function, name);
            quote!(#name = #value)
        }
        Tag::Given(key, value) => {
            let value = checked(value);
            quote!(#key = #value)
        }
    }));
    Ok(tags)
}

/// The value with a name: an argument's, or that of a constant.
fn named(function: &Function, name: &Ident) -> TokenStream {
    let is_copied =
        function.argument(name).is_some_and(|argument| is_short_lived_str(&argument.ty));
    if is_copied {
        return quote!(::spandrel::Copied(#name));
    }
    let path = syn::Path::from(name.clone());
    checked(&Expr::Path(syn::ExprPath { attrs: Vec::new(), qself: None, path }))
}

/// A value whose type is checked where it stands.
fn checked(value: &Expr) -> TokenStream {
    let at = value.span().resolved_at(here());
    quote_spanned!(at=> ::spandrel::wrap::value(#value))
}

/// Names of the macro's own.
fn here() -> Span {
    Span::mixed_site()
}
