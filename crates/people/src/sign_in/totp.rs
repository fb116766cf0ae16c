//! Time-based one-time passwords (RFC 6238), as every authenticator computes them: SHA-1, six digits, 30 seconds.

use base::{Secret, Time};
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::Sha1;
use subtle::ConstantTimeEq;

/// Seconds for which a code is shown.
const PERIOD: i64 = 30;
/// How many codes before and after the present one are accepted, for clocks that differ.
const SKEW: i64 = 1;
/// The bytes of a seed.
pub(super) const SEED: usize = 20;

/// A seed as authenticators take it.
pub(super) fn seed_of(bytes: [u8; SEED]) -> Secret {
    BASE32_NOPAD.encode(&bytes).into()
}

/// The address that an authenticator reads from a picture.
pub(super) fn uri(seed: &Secret, organisation: &str, account: &str) -> Secret {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let issuer = encode(&format!("Wardroom {organisation}"));
    format!("otpauth://totp/{issuer}:{}?secret={}&issuer={issuer}", encode(account), seed.reveal()).into()
}

/// The period after `last` in which `code` is the right one, if it is one that is accepted at `now`.
pub(super) fn period_of(code: &str, seed: &Secret, now: Time, last: Option<i64>) -> Option<i64> {
    let present = now.seconds() / PERIOD;
    let accepted = (present - SKEW..=present + SKEW).filter(|period| last.is_none_or(|last| *period > last));
    let is_right =
        |period: &i64| code_at(seed, *period).is_some_and(|right| bool::from(right.as_bytes().ct_eq(code.as_bytes())));
    accepted.into_iter().find(is_right)
}

/// The code of a period; `None` where the seed is none.
fn code_at(seed: &Secret, period: i64) -> Option<String> {
    let bytes = BASE32_NOPAD.decode(seed.reveal().as_bytes()).ok()?;
    let mut mac = Hmac::<Sha1>::new_from_slice(&bytes).ok()?;
    mac.update(&period.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest.last()? & 0xf);
    let word: [u8; 4] = digest.get(offset..offset + 4)?.try_into().ok()?;
    Some(format!("{:06}", (u32::from_be_bytes(word) & 0x7fff_ffff) % 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seed of the RFC's appendix B.
    fn seed() -> Secret {
        seed_of(*b"12345678901234567890")
    }

    fn at(seconds: i64) -> Time {
        Time::from_microseconds(seconds * 1_000_000).unwrap()
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(&seed(), seconds / PERIOD).as_deref(), Some(code));
            assert_eq!(period_of(code, &seed(), at(seconds), None), Some(seconds / PERIOD));
        }
    }

    #[test]
    fn a_code_is_accepted_one_period_early_or_late_and_once() {
        let (code, period) = ("005924", 1_234_567_890 / PERIOD);
        let accepted = |by: i64, last| period_of(code, &seed(), at(1_234_567_890 + by * PERIOD), last);
        assert_eq!([-2, -1, 0, 1, 2].map(|by| accepted(by, None).is_some()), [false, true, true, true, false]);
        assert_eq!(accepted(0, Some(period - 1)), Some(period));
        assert_eq!(accepted(0, Some(period)), None);
        assert_eq!(period_of("", &seed(), at(1_234_567_890), None), None);
    }

    #[test]
    fn authenticators_are_told_who_asks_and_for_whom() {
        assert_eq!(
            uri(&seed(), "acme", "ada@acme.example").reveal(),
            "otpauth://totp/Wardroom%20acme:ada%40acme%2Eexample\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Wardroom%20acme"
        );
    }
}
