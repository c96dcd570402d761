//! How a test ends that finds something wrong.

/// Ends a test with a text where the condition does not hold.
macro_rules! check {
    ($holds:expr, $($text:tt)+) => {
        if !$holds {
            return Err(alloc::format!($($text)+));
        }
    };
}

/// Ends a test where two values differ, and says both.
macro_rules! check_eq {
    ($found:expr, $expected:expr) => {
        match (&$found, &$expected) {
            (found, expected) => check!(
                found == expected,
                "{} is {found:?} and not {expected:?} ({}:{})",
                stringify!($found),
                file!(),
                line!()
            ),
        }
    };
}
