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

/// A call site with a name and keys. Of the caller it holds constants alone, which would be shadowed
/// by a static that has their name.
#[doc(hidden)]
#[macro_export]
macro_rules! __site {
    ($name:expr $(, $key:tt)*) => {{
        $crate::__site_static!(__SPANDREL_SITE, &[$name $(, $crate::__key!($key))*]);
        __SPANDREL_SITE.start()
    }};
}

/// A call site without a name: none at all where there are no keys.
#[doc(hidden)]
#[macro_export]
macro_rules! __nameless {
    () => {
        $crate::site::NO_SITE
    };
    ($($key:tt),+) => {
        $crate::__site!("" $(, $key)+)
    };
}

/// A key: an identifier, a string literal, or a constant in braces.
#[doc(hidden)]
#[macro_export]
macro_rules! __key {
    ($key:ident) => {
        $crate::site::key(::core::stringify!($key))
    };
    ($key:literal) => {
        $key
    };
    ({ $key:expr }) => {
        $key
    };
}

/// Starts a span: `span!(TRACER, "read", bus = 1, state = "idle")`.
///
/// The span is a child of the active span, or a root where none is active. With
/// `span!(TRACER, child_of: parent, "read", ...)` the parent is given: a `&Span`, a
/// [`SpanContext`](crate::SpanContext), an `Option` of one, or [`ChildOf::Root`](crate::ChildOf).
///
/// Name and keys are constants: a string, `concat!`, or any constant expression in braces. A key that
/// is an identifier is written as it is. Values are what [`TagValue`](crate::TagValue) lists. The span
/// is recorded when it is finished or dropped. Callable from every context.
///
/// A name that is any other expression is a `&'static str` of run time. As with
/// [`Tracer::start`](crate::Tracer::start) it takes a record of its own.
///
/// Without the feature `enable` the values are not evaluated.
///
/// ```
/// # use spandrel::{Clock, Recorder, Tracer};
/// # static RECORDER: Recorder<1024> = Recorder::new();
/// # static TRACER: Tracer = Tracer::new("sensor", &RECORDER, Clock::monotonic());
/// use spandrel::{semconv, span};
///
/// const READ: &str = concat!("read of ", "bmp280");
///
/// let read = span!(TRACER, {READ}, bus = 1, {semconv::SPAN_KIND} = "client", "raw.value" = true);
/// for step in ["wake", "measure"] {
///     span!(TRACER, child_of: &read, step, attempt = 1).finish();
/// }
/// ```
#[cfg(feature = "enable")]
#[macro_export]
macro_rules! span {
    ($tracer:expr, child_of: $parent:expr, $name:literal $(, $key:tt = $value:expr)* $(,)?) => {
        $tracer.span_child_of(
            $crate::ChildOf::from($parent),
            $crate::__site!($name $(, $key)*),
            ($($value,)*),
        )
    };
    ($tracer:expr, child_of: $parent:expr, { $name:expr } $(, $key:tt = $value:expr)* $(,)?) => {
        $tracer.span_child_of(
            $crate::ChildOf::from($parent),
            $crate::__site!($name $(, $key)*),
            ($($value,)*),
        )
    };
    ($tracer:expr, child_of: $parent:expr, concat!($($part:tt)*) $($tags:tt)*) => {
        $crate::span!($tracer, child_of: $parent, { ::core::concat!($($part)*) } $($tags)*)
    };
    ($tracer:expr, child_of: $parent:expr, $name:expr $(, $key:tt = $value:expr)* $(,)?) => {
        $tracer.span_named(
            $crate::ChildOf::from($parent),
            $crate::__nameless!($($key),*),
            $name,
            ($($value,)*),
        )
    };
    ($tracer:expr, $name:literal $(, $key:tt = $value:expr)* $(,)?) => {
        $tracer.span_at($crate::__site!($name $(, $key)*), ($($value,)*))
    };
    ($tracer:expr, { $name:expr } $(, $key:tt = $value:expr)* $(,)?) => {
        $tracer.span_at($crate::__site!($name $(, $key)*), ($($value,)*))
    };
    ($tracer:expr, concat!($($part:tt)*) $($tags:tt)*) => {
        $crate::span!($tracer, { ::core::concat!($($part)*) } $($tags)*)
    };
    ($tracer:expr, $name:expr $(, $key:tt = $value:expr)* $(,)?) => {
        $crate::span!($tracer, child_of: $crate::ChildOf::Active, $name $(, $key = $value)*)
    };
}

/// Sets tags of a span: `tag!(span, bytes = 12, result = "ok")`.
///
/// Costs less than one [`Span::set_tag`](crate::Span::set_tag) for each, since the keys are
/// constants of the call site, as in [`span!`](crate::span): `tag!(span, {semconv::ERROR} = true)`.
#[cfg(feature = "enable")]
#[macro_export]
macro_rules! tag {
    ($span:expr $(, $key:tt = $value:expr)+ $(,)?) => {
        $span.tags_at($crate::__site!("" $(, $key)*), ($($value,)*))
    };
}

/// Logs on a span, with the time: `log!(span, event = "retry", count = 3)`.
///
/// A message that stands alone is the field `event`: `log!(span, "retry")`. Keys are those of
/// [`span!`](crate::span): `log!(span, {semconv::EVENT} = "error", code = 5)`.
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
            $(const _: &str = $crate::__key!($key);)*
            let _: (_, _, &'static str) = (&$tracer, $crate::ChildOf::from($parent), $name);
            let _ = ($(&$value,)*);
        }
        $crate::Span::none()
    }};
    ($tracer:expr, $name:expr $(, $key:tt = $value:expr)* $(,)?) => {{
        if false {
            $(const _: &str = $crate::__key!($key);)*
            let _: (_, &'static str) = (&$tracer, $name);
            let _ = ($(&$value,)*);
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
            $(const _: &str = $crate::__key!($key);)+
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
            const _: &[&str] = &[$crate::__key!($key) $(, $crate::__key!($more_key))*];
            let _ = (&$span, &$value $(, &$more_value)*);
        }
    };
    ($span:expr, $message:expr) => {
        if false {
            let _ = (&$span, &$message);
        }
    };
}
