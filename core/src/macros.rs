//! The macros: each makes a call site and expands to one documented call.

/// Makes the static of a call site in the linker's table.
#[doc(hidden)]
#[macro_export]
macro_rules! __site_static {
    ($name:ident, $strings:expr) => {
        #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,spandrel_sites"))]
        #[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = "spandrel_sites"))]
        static $name: $crate::site::Site<{ $crate::site::site_len($strings) }> =
            $crate::site::Site::new($strings);
    };
}

/// A call site with a name and keys; holds nothing of the caller, so that nothing is shadowed.
#[doc(hidden)]
#[macro_export]
macro_rules! __site {
    ($name:expr $(, $key:tt)*) => {{
        $crate::__site_static!(SITE, &[$name $(, $crate::__key!($key))*]);
        SITE.start()
    }};
}

/// A key: an identifier or a string literal.
#[doc(hidden)]
#[macro_export]
macro_rules! __key {
    ($key:ident) => {
        ::core::stringify!($key)
    };
    ($key:literal) => {
        $key
    };
}

/// Starts a span: `span!(TRACER, "read", bus = 1, state = "idle")`.
///
/// The span is a child of the active span, or a root where none is active. With
/// `span!(TRACER, child_of: parent, "read", ...)` the parent is given: a `&Span`, a
/// [`SpanContext`](crate::SpanContext), an `Option` of one, or [`ChildOf::Root`](crate::ChildOf).
///
/// Name and keys are constants; a key that is no identifier is written as a string,
/// `"span.kind" = "client"`. Values are what [`TagValue`](crate::TagValue) lists. The span is
/// recorded when it is finished or dropped. Callable from every context.
///
/// Without the feature `enable` the values are not evaluated.
#[cfg(feature = "enable")]
#[macro_export]
macro_rules! span {
    ($tracer:expr, child_of: $parent:expr, $name:expr $(, $key:tt = $value:expr)* $(,)?) => {
        $tracer.span_child_of(
            $crate::ChildOf::from($parent),
            $crate::__site!($name $(, $key)*),
            ($($value,)*),
        )
    };
    ($tracer:expr, $name:expr $(, $key:tt = $value:expr)* $(,)?) => {
        $tracer.span_at($crate::__site!($name $(, $key)*), ($($value,)*))
    };
}

/// Sets tags of a span: `tag!(span, bytes = 12, result = "ok")`.
///
/// Costs less than one [`Span::set_tag`](crate::Span::set_tag) for each, since the keys are
/// constants of the call site.
#[cfg(feature = "enable")]
#[macro_export]
macro_rules! tag {
    ($span:expr $(, $key:tt = $value:expr)+ $(,)?) => {
        $span.tags_at($crate::__site!("" $(, $key)*), ($($value,)*))
    };
}

/// Logs on a span, with the time: `log!(span, event = "retry", count = 3)`.
///
/// A message that stands alone is the field `event`: `log!(span, "retry")`.
#[cfg(feature = "enable")]
#[macro_export]
macro_rules! log {
    ($span:expr, $key:tt = $value:expr $(, $more_key:tt = $more_value:expr)* $(,)?) => {
        $span.log_at(
            $crate::__site!("" , $key $(, $more_key)*),
            ($value, $($more_value,)*),
        )
    };
    ($span:expr, $message:expr) => {
        $span.log_at($crate::__site!("", event), ($message,))
    };
}

/// Starts a span; here the feature `enable` is off, and there is none.
#[cfg(not(feature = "enable"))]
#[macro_export]
macro_rules! span {
    ($tracer:expr, child_of: $parent:expr, $name:expr $(, $key:tt = $value:expr)* $(,)?) => {{
        if false {
            let _ = (&$tracer, &$parent, $name $(, &$value)*);
        }
        $crate::Span::none()
    }};
    ($tracer:expr, $name:expr $(, $key:tt = $value:expr)* $(,)?) => {{
        if false {
            let _ = (&$tracer, $name $(, &$value)*);
        }
        $crate::Span::none()
    }};
}

/// Sets tags; here the feature `enable` is off, and nothing is evaluated.
#[cfg(not(feature = "enable"))]
#[macro_export]
macro_rules! tag {
    ($span:expr $(, $key:tt = $value:expr)+ $(,)?) => {
        if false {
            let _ = (&$span $(, &$value)*);
        }
    };
}

/// Logs; here the feature `enable` is off, and nothing is evaluated.
#[cfg(not(feature = "enable"))]
#[macro_export]
macro_rules! log {
    ($span:expr, $key:tt = $value:expr $(, $more_key:tt = $more_value:expr)* $(,)?) => {
        if false {
            let _ = (&$span, &$value $(, &$more_value)*);
        }
    };
    ($span:expr, $message:expr) => {
        if false {
            let _ = (&$span, &$message);
        }
    };
}
