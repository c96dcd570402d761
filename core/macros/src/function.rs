//! The function that is traced, with a body that is not looked into.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, Error, FnArg, Pat, PatType, Result, ReturnType, Signature, Token, Type, Visibility,
};

/// A function, or a method.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: Group,
}

/// What a function returns, as it can be written in an expression.
pub(crate) enum Output {
    Type(TokenStream),
    /// It does not: `!`.
    Never,
}

impl Function {
    /// Reads the item behind the attribute.
    pub(crate) fn of(item: TokenStream) -> Result<Self> {
        let is_function = item.clone().into_iter().any(|token| match token {
            TokenTree::Ident(word) => word == "fn",
            _ => false,
        });
        if !is_function {
            return Err(Error::new_spanned(first(item), "`#[traced]` goes on a function"));
        }
        syn::parse2(item)
    }

    /// Arguments but `self`.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &PatType> {
        self.signature.inputs.iter().filter_map(|argument| match argument {
            FnArg::Typed(argument) => Some(argument),
            FnArg::Receiver(_) => None,
        })
    }

    /// The argument with a name.
    pub(crate) fn argument(&self, name: &Ident) -> Option<&PatType> {
        self.arguments().find(|argument| name_of(argument) == Some(name))
    }

    /// What it returns.
    pub(crate) fn output(&self) -> Output {
        match &self.signature.output {
            ReturnType::Default => Output::Type(quote!(())),
            ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_)) => Output::Never,
            ReturnType::Type(_, ty) => {
                let ty = ty.to_token_stream();
                Output::Type(if has_impl(ty.clone()) { quote!(_) } else { ty })
            }
        }
    }
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let signature: Signature = input.parse()?;
        if let Some(token) = &signature.constness {
            return Err(Error::new_spanned(token, "a `const fn` cannot be traced"));
        }
        if input.peek(Token![;]) {
            let why = "a function without a body cannot be traced; trace those that implement it";
            return Err(input.error(why));
        }
        let body: Group = input.parse()?;
        if body.delimiter() != Delimiter::Brace {
            return Err(Error::new(body.span(), "expected the body of the function"));
        }
        Ok(Self { attributes, visibility, signature, body })
    }
}

/// The name of an argument that is no pattern.
pub(crate) fn name_of(argument: &PatType) -> Option<&Ident> {
    match &*argument.pat {
        Pat::Ident(pattern) if pattern.subpat.is_none() => Some(&pattern.ident),
        _ => None,
    }
}

/// Whether a type is a reference to a string that need not live for ever.
pub(crate) fn is_short_lived_str(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => {
            let is_static = reference.lifetime.as_ref().is_some_and(|life| life.ident == "static");
            !is_static && matches!(&*reference.elem, Type::Path(path) if path.path.is_ident("str"))
        }
        Type::Paren(inner) => is_short_lived_str(&inner.elem),
        // What a `macro_rules!` has put in.
        Type::Group(inner) => is_short_lived_str(&inner.elem),
        _ => false,
    }
}

/// Whether there is an `impl Trait` in a type.
fn has_impl(ty: TokenStream) -> bool {
    ty.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == "impl",
        TokenTree::Group(group) => has_impl(group.stream()),
        _ => false,
    })
}

fn first(tokens: TokenStream) -> TokenStream {
    tokens.into_iter().take(1).collect()
}
