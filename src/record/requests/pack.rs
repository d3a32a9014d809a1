/// Writes a number as LEB128: seven bits a byte, the lowest first, so that a
/// small one takes a single byte and none more than ten.
pub(super) fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(low_byte(number) | 0x80);
        number >>= 7;
    }
    bytes.push(low_byte(number));
}

/// Bytes that [`put`] writes for a number.
pub(super) fn width(number: u64) -> u64 {
    u64::from((u64::BITS - number.leading_zeros()).div_ceil(7).max(1))
}

const fn low_byte(number: u64) -> u8 {
    number.to_le_bytes()[0]
}

/// What must be added to `from` to come to `to`, around the end of `u64` if
/// need be, with its sign in the lowest bit: small if the two are close.
pub(super) const fn difference(to: u64, from: u64) -> u64 {
    let signed = to.wrapping_sub(from).cast_signed();
    ((signed << 1) ^ (signed >> 63)).cast_unsigned()
}

/// The `to` of a [`difference`].
pub(super) const fn apply(difference: u64, from: u64) -> u64 {
    let signed = (difference >> 1) ^ (difference & 1).wrapping_neg();
    from.wrapping_add(signed)
}

/// Reads what was [`put`], in the same order. After the end it reads zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Unpacked<'a>(pub(super) &'a [u8]);

impl Unpacked<'_> {
    pub(super) fn number(&mut self) -> u64 {
        let (mut number, mut shift) = (0, 0);
        while let Some((byte, rest)) = self.0.split_first() {
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                break;
            }
            shift += 7;
        }
        number
    }

    /// The next bytes, so many of them, for themselves.
    pub(super) fn part(&mut self, length: u64) -> Self {
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(self.0.len());
        let (part, rest) = self.0.split_at(length);
        self.0 = rest;
        Self(part)
    }
}
