//! Addresses that were recorded as numbers.

use std::net::Ipv4Addr;

/// The lower half of a number as an address.
#[must_use]
pub(in crate::query) fn dotted(number: i64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the lower half")]
    let number = number as u32;
    Ipv4Addr::from_bits(number).to_string()
}

#[test]
fn numbers_are_addresses() {
    assert_eq!(
        (dotted(16_909_060), dotted(-1_062_731_775)),
        ("1.2.3.4".into(), "192.168.0.1".into())
    );
}
