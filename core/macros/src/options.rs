//! What stands in the attribute.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, LitStr, Result, Token, braced, parenthesized, token};

const KNOWN: [&str; 6] = ["name", "args", "skip", "tags", "parent", "err"];

/// The tracer and the options.
pub(crate) struct Options {
    pub(crate) tracer: Expr,
    pub(crate) name: Option<Expr>,
    /// The word `args`.
    pub(crate) args: Option<Ident>,
    pub(crate) skip: Vec<Ident>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) parent: Option<Expr>,
    /// The word `err`, and what it records.
    pub(crate) err: Option<(Ident, Failure)>,
}

/// What is recorded of an error.
#[derive(Clone, Copy)]
pub(crate) enum Failure {
    /// That there is one.
    Kind,
    /// Its text, by `Display`.
    Display,
    /// Its text, by `Debug`.
    Debug,
}

/// An entry of `tags(..)`.
pub(crate) enum Tag {
    /// A name that is key and value.
    Named(Ident),
    /// `key = value`.
    Given(Key, Box<Expr>),
}

/// What the macros of spandrel take as keys.
pub(crate) enum Key {
    Name(Ident),
    Text(LitStr),
    Constant(Expr),
}

impl ToTokens for Key {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Name(name) => name.to_tokens(tokens),
            Self::Text(text) => text.to_tokens(tokens),
            Self::Constant(constant) => tokens.extend(quote!({ #constant })),
        }
    }
}

impl Parse for Tag {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let key = if input.peek(LitStr) {
            Key::Text(input.parse()?)
        } else if input.peek(token::Brace) {
            let constant;
            braced!(constant in input);
            Key::Constant(constant.parse()?)
        } else if input.peek(Ident::peek_any) {
            Key::Name(input.call(Ident::parse_any)?)
        } else {
            return Err(input.error("a key is a name, a string, or a constant in braces"));
        };
        if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            return Ok(Self::Given(key, input.parse()?));
        }
        match key {
            Key::Name(name) if input.is_empty() || input.peek(Token![,]) => Ok(Self::Named(name)),
            Key::Name(_) => Err(input.error("expected `= value`, a comma, or the end")),
            _ => Err(input.error("expected `= value` behind the key")),
        }
    }
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let is_option =
            input.fork().call(Ident::parse_any).is_ok_and(|word| KNOWN.iter().any(|k| word == k));
        if input.is_empty() || is_option {
            let why = "the first argument is the tracer: `#[traced(TRACER)]`";
            return Err(Error::new(input.span(), why));
        }
        let mut options = Self {
            tracer: input.parse()?,
            name: None,
            args: None,
            skip: Vec::new(),
            tags: Vec::new(),
            parent: None,
            err: None,
        };
        let mut seen = Vec::new();
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let word = input.call(Ident::parse_any).map_err(|error| unknown(error.span()))?;
            if seen.contains(&word) {
                return Err(Error::new(word.span(), format!("`{word}` is given twice")));
            }
            options.read(&word, input)?;
            seen.push(word);
        }
        if options.args.is_none()
            && let Some(word) = seen.iter().find(|word| *word == "skip")
        {
            let why = "`skip` leaves arguments out of `args`, which is not there";
            return Err(Error::new(word.span(), why));
        }
        Ok(options)
    }
}

impl Options {
    fn read(&mut self, word: &Ident, input: ParseStream<'_>) -> Result<()> {
        match word.to_string().as_str() {
            "name" => self.name = Some(value(word, input)?),
            "parent" => self.parent = Some(value(word, input)?),
            "args" => self.args = Some(word.clone()),
            "skip" => self.skip = list(word, input, Ident::parse_any)?,
            "tags" => self.tags = list(word, input, Tag::parse)?,
            "err" => self.err = Some((word.clone(), failure(input)?)),
            _ => return Err(unknown(word.span())),
        }
        Ok(())
    }
}

fn failure(input: ParseStream<'_>) -> Result<Failure> {
    if !input.peek(Token![=]) {
        return Ok(Failure::Kind);
    }
    input.parse::<Token![=]>()?;
    let how: Option<LitStr> = input.parse().ok();
    match how.as_ref().map(LitStr::value).as_deref() {
        Some("display") => Ok(Failure::Display),
        Some("debug") => Ok(Failure::Debug),
        _ => {
            let why = "it is `err`, `err = \"display\"` or `err = \"debug\"`";
            Err(how.map_or_else(|| input.error(why), |how| Error::new(how.span(), why)))
        }
    }
}

fn value(word: &Ident, input: ParseStream<'_>) -> Result<Expr> {
    if !input.peek(Token![=]) {
        return Err(Error::new(word.span(), format!("expected `{word} = value`")));
    }
    input.parse::<Token![=]>()?;
    input.parse()
}

fn list<T>(
    word: &Ident,
    input: ParseStream<'_>,
    entry: fn(ParseStream<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    if !input.peek(token::Paren) {
        return Err(Error::new(word.span(), format!("expected a list: `{word}(..)`")));
    }
    let entries;
    parenthesized!(entries in input);
    let entries = Punctuated::<T, Token![,]>::parse_terminated_with(&entries, entry)?;
    Ok(entries.into_iter().collect())
}

fn unknown(span: proc_macro2::Span) -> Error {
    let known = KNOWN.map(|word| format!("`{word}`")).join(", ");
    Error::new(span, format!("no option of `#[traced]`, which are {known}"))
}
