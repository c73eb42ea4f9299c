//! Amounts of value: unsigned minor units with checked arithmetic only.

use crate::Rejection;

/// An amount in an asset's minor units.
///
/// On the wire: big-endian without leading zeros, at most 16 bytes; zero is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(pub u128);

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(0);

    /// Reads the wire form; refuses what is not minimal.
    pub fn from_bytes(bytes: &[u8]) -> Result<Amount, Rejection> {
        if bytes.len() > 16 || bytes.first() == Some(&0) {
            return Err(Rejection::AmountMalformed);
        }
        Ok(Amount(
            bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | u128::from(*byte)),
        ))
    }

    /// Reads an amount that the state holds: what was written by this ledger is well formed.
    pub fn from_state(bytes: &[u8]) -> Amount {
        Amount::from_bytes(bytes).expect("the state holds canonical amounts")
    }

    /// The wire form.
    pub fn to_bytes(self) -> Vec<u8> {
        let bytes = self.0.to_be_bytes();
        let leading = (self.0.leading_zeros() / 8) as usize;
        bytes[leading..].to_vec()
    }

    /// As people write it, with all decimals of its asset: `480.00`.
    pub fn in_decimals(self, scale: u32) -> String {
        let scale = scale as usize;
        let digits = format!("{:0>width$}", self.0, width = scale + 1);
        let (whole, decimals) = digits.split_at(digits.len() - scale);
        match decimals {
            "" => whole.to_owned(),
            decimals => format!("{whole}.{decimals}"),
        }
    }

    /// Whether this is nothing.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or `overflow`.
    pub fn plus(self, other: Amount) -> Result<Amount, Rejection> {
        self.0
            .checked_add(other.0)
            .map(Amount)
            .ok_or(Rejection::Overflow)
    }

    /// The difference, where there is one.
    pub fn minus(self, other: Amount) -> Option<Amount> {
        self.0.checked_sub(other.0).map(Amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_form_is_minimal_and_reads_back() {
        for value in [0, 1, 255, 256, 48_000, u128::from(u64::MAX), u128::MAX] {
            let bytes = Amount(value).to_bytes();
            assert_ne!(bytes.first(), Some(&0));
            assert_eq!(Amount::from_bytes(&bytes), Ok(Amount(value)));
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for bytes in [&[0][..], &[0, 1], &[1; 17]] {
            assert_eq!(Amount::from_bytes(bytes), Err(Rejection::AmountMalformed));
        }
    }

    #[test]
    fn amounts_are_written_with_all_decimals() {
        for (minor, scale, text) in [(48_000, 2, "480.00"), (5, 2, "0.05"), (7, 0, "7")] {
            assert_eq!(Amount(minor).in_decimals(scale), text);
        }
    }
}
