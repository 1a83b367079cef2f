//! Positions in PostgreSQL's write-ahead log.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A byte position in the write-ahead log; shown as PostgreSQL does (`0/3000060`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Lsn(pub u64);

impl Lsn {
    /// Bytes from `earlier` to here; zero if `earlier` is ahead.
    pub fn bytes_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:X}/{:X}", self.0 >> 32, self.0 & 0xffff_ffff))
    }
}

/// Text that is no LSN.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an LSN such as 0/3000060")]
pub struct NotAnLsn;

impl FromStr for Lsn {
    type Err = NotAnLsn;

    fn from_str(text: &str) -> Result<Self, NotAnLsn> {
        let (high, low) = text.split_once('/').ok_or(NotAnLsn)?;
        let part = |hex: &str| u32::from_str_radix(hex, 16).map_err(|_| NotAnLsn);
        Ok(Self(u64::from(part(high)?) << 32 | u64::from(part(low)?)))
    }
}

/// A PostgreSQL timeline: grows by one with every promotion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timeline(pub u32);

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_shows_an_lsn() {
        assert_eq!("0/3000060".parse(), Ok(Lsn(50_331_744)));
        assert_eq!(Lsn(0x16_B374_D848).to_string(), "16/B374D848");
        for bad in ["", "0", "x/1", "1/2/3", "0/1FFFFFFFF"] {
            assert_eq!(bad.parse::<Lsn>(), Err(NotAnLsn), "{bad}");
        }
        assert_eq!(Lsn(5).bytes_since(Lsn(9)), 0);
    }
}
