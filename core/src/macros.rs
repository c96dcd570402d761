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

/// The call site of a span.
#[cfg(not(feature = "location"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __span_site {
    ($name:expr $(, $key:tt)*) => {
        $crate::__site!($name $(, $key)*)
    };
}

/// The call site of a span, with file and line: a string behind the keys that no key can be.
#[cfg(feature = "location")]
#[doc(hidden)]
#[macro_export]
macro_rules! __span_site {
    ($name:expr $(, $key:tt)*) => {
        $crate::__site!(
            $name $(, $key)*,
            { ::core::concat!("\0", ::core::file!(), ":", ::core::line!()) }
        )
    };
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
/// [`SpanContext`](crate::SpanContext), an `Option` of one, or [`ChildOf::Root`](crate::ChildOf). With
/// `follows_from: cause` the new span is in the trace of its cause, which does not wait for it.
///
/// Name and keys are constants: a string, `concat!`, or any constant expression in braces. A key that
/// is an identifier is written as it is. Values are what [`TagValue`](crate::TagValue) lists. The span
/// is recorded when it is finished or dropped. Callable from every context.
///
/// A name that is any other expression is a `&'static str` of run time. As with
/// [`Tracer::start`](crate::Tracer::start) it takes a record of its own.
///
/// A child of the active span takes 43 instructions from start to end on a Cortex-M4 where the profile asks
/// for speed, 47 with two tags, 21 where it is not sampled. Without the feature `enable` it takes none, and
/// the values are not evaluated.
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
    ($tracer:expr, follows_from: $cause:expr, $($rest:tt)+) => {
        $crate::span!($tracer, child_of: $crate::ChildOf::following($cause), $($rest)+)
    };
    // More than eight tags: the others follow.
    ($tracer:expr, child_of: $parent:expr, $name:tt,
     $k1:tt = $v1:expr, $k2:tt = $v2:expr, $k3:tt = $v3:expr, $k4:tt = $v4:expr,
     $k5:tt = $v5:expr, $k6:tt = $v6:expr, $k7:tt = $v7:expr, $k8:tt = $v8:expr,
     $($rest:tt)+) => {{
        let span = $crate::span!(
            $tracer, child_of: $parent, $name,
            $k1 = $v1, $k2 = $v2, $k3 = $v3, $k4 = $v4,
            $k5 = $v5, $k6 = $v6, $k7 = $v7, $k8 = $v8
        );
        $crate::tag!(span, $($rest)+);
        span
    }};
    ($tracer:expr, $name:tt,
     $k1:tt = $v1:expr, $k2:tt = $v2:expr, $k3:tt = $v3:expr, $k4:tt = $v4:expr,
     $k5:tt = $v5:expr, $k6:tt = $v6:expr, $k7:tt = $v7:expr, $k8:tt = $v8:expr,
     $($rest:tt)+) => {{
        let span = $crate::span!(
            $tracer, $name,
            $k1 = $v1, $k2 = $v2, $k3 = $v3, $k4 = $v4,
            $k5 = $v5, $k6 = $v6, $k7 = $v7, $k8 = $v8
        );
        $crate::tag!(span, $($rest)+);
        span
    }};
    ($tracer:expr, child_of: $parent:expr, $name:literal $(, $key:tt = $value:expr)* $(,)?) => {
        $tracer.span_child_of(
            $crate::ChildOf::from($parent),
            $crate::__span_site!($name $(, $key)*),
            ($($value,)*),
        )
    };
    ($tracer:expr, child_of: $parent:expr, { $name:expr } $(, $key:tt = $value:expr)* $(,)?) => {
        $tracer.span_child_of(
            $crate::ChildOf::from($parent),
            $crate::__span_site!($name $(, $key)*),
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
        $tracer.span_at($crate::__span_site!($name $(, $key)*), ($($value,)*))
    };
    ($tracer:expr, { $name:expr } $(, $key:tt = $value:expr)* $(,)?) => {
        $tracer.span_at($crate::__span_site!($name $(, $key)*), ($($value,)*))
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
    ($span:expr,
     $k1:tt = $v1:expr, $k2:tt = $v2:expr, $k3:tt = $v3:expr, $k4:tt = $v4:expr,
     $k5:tt = $v5:expr, $k6:tt = $v6:expr, $k7:tt = $v7:expr, $k8:tt = $v8:expr,
     $($rest:tt)+) => {{
        let span = &$span;
        $crate::tag!(
            span,
            $k1 = $v1, $k2 = $v2, $k3 = $v3, $k4 = $v4,
            $k5 = $v5, $k6 = $v6, $k7 = $v7, $k8 = $v8
        );
        $crate::tag!(span, $($rest)+);
    }};
    ($span:expr $(, $key:tt = $value:expr)+ $(,)?) => {
        $span.tags_at($crate::__site!("" $(, $key)*), ($($value,)*))
    };
}

/// Logs on a span, with the time: `log!(span, event = "retry", count = 3)`. With one integer it takes 39
/// instructions, as [`span!`](crate::span) counts them.
///
/// A message that stands alone is the field `event`: `log!(span, "retry")`. Keys are those of
/// [`span!`](crate::span): `log!(span, {semconv::EVENT} = "error", code = 5)`.
#[cfg(feature = "enable")]
#[macro_export]
macro_rules! log {
    // More than eight fields: records of one moment, of which the others say that they go on.
    ($span:expr,
     $k1:tt = $v1:expr, $k2:tt = $v2:expr, $k3:tt = $v3:expr, $k4:tt = $v4:expr,
     $k5:tt = $v5:expr, $k6:tt = $v6:expr, $k7:tt = $v7:expr, $k8:tt = $v8:expr,
     $($rest:tt)+) => {{
        let (span, at) = (&$span, $span.log_moment());
        span.log_many(
            &at,
            false,
            $crate::__site!("", $k1, $k2, $k3, $k4, $k5, $k6, $k7, $k8),
            ($v1, $v2, $v3, $v4, $v5, $v6, $v7, $v8),
        );
        $crate::__log_more!(span, at, $($rest)+);
    }};
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

/// The fields of a log that its records before have no room for.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_more {
    ($span:ident, $at:ident,
     $k1:tt = $v1:expr, $k2:tt = $v2:expr, $k3:tt = $v3:expr, $k4:tt = $v4:expr,
     $k5:tt = $v5:expr, $k6:tt = $v6:expr, $k7:tt = $v7:expr, $k8:tt = $v8:expr,
     $($rest:tt)+) => {{
        $crate::__log_more!(
            $span, $at,
            $k1 = $v1, $k2 = $v2, $k3 = $v3, $k4 = $v4,
            $k5 = $v5, $k6 = $v6, $k7 = $v7, $k8 = $v8
        );
        $crate::__log_more!($span, $at, $($rest)+);
    }};
    ($span:ident, $at:ident, $($key:tt = $value:expr),+ $(,)?) => {
        $span.log_many(&$at, true, $crate::__site!("" $(, $key)+), ($($value,)+))
    };
}

/// Starts a span; here the feature `enable` is off, and there is none.
#[cfg(not(feature = "enable"))]
#[macro_export]
macro_rules! span {
    ($tracer:expr, follows_from: $cause:expr, $($rest:tt)+) => {
        $crate::span!($tracer, child_of: $crate::ChildOf::following($cause), $($rest)+)
    };
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
