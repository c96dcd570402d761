//! A clock that is told this and that.

use super::*;
use proptest::prelude::*;
