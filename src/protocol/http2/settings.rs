//! SETTINGS, RFC 9113 §6.5: what one end asks of the other.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::anomaly::Anomalies;
use crate::protocol::hpack::DEFAULT_TABLE;

/// SETTINGS_MAX_FRAME_SIZE unless it is set; also the least that it can be.
pub(super) const DEFAULT_FRAME: u32 = 1 << 14;
/// The most that SETTINGS_MAX_FRAME_SIZE can be, and the most that a frame's length can say.
pub(super) const LARGEST_FRAME: u32 = (1 << 24) - 1;

const HEADER_TABLE_SIZE: u16 = 1;
const ENABLE_PUSH: u16 = 2;
const INITIAL_WINDOW_SIZE: u16 = 4;
const MAX_FRAME_SIZE: u16 = 5;
const ENABLE_CONNECT_PROTOCOL: u16 = 8;

/// A value that changes when the other end acknowledges it, and whose old value may be in use until then.
#[derive(Debug, Clone, Copy)]
struct Pending {
    last: u32,
    /// The largest that may be in use.
    most: u32,
}

impl Pending {
    fn set(&mut self, value: u32) {
        self.last = value;
        self.most = self.most.max(value);
    }
}

/// What one end has asked of the other, whose frames are held against it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    table: Pending,
    frame: Pending,
    /// SETTINGS frames that are not yet acknowledged.
    unacknowledged: u32,
    /// Some may have been missed, so nothing can be held against anybody.
    uncertain: bool,
}

impl Settings {
    pub(super) const fn new() -> Self {
        Settings {
            table: Pending { last: DEFAULT_TABLE, most: DEFAULT_TABLE },
            frame: Pending { last: DEFAULT_FRAME, most: DEFAULT_FRAME },
            unacknowledged: 0,
            uncertain: false,
        }
    }

    /// Says that SETTINGS may have been missed.
    pub(super) fn lose(&mut self) {
        self.uncertain = true;
    }

    /// Takes one setting of six octets and says what is wrong with it.
    pub(super) fn set(&mut self, setting: [u8; 6]) -> Anomalies {
        let [i0, i1, v0, v1, v2, v3] = setting;
        let value = u32::from_be_bytes([v0, v1, v2, v3]);
        let valid = match u16::from_be_bytes([i0, i1]) {
            HEADER_TABLE_SIZE => {
                self.table.set(value);
                true
            }
            MAX_FRAME_SIZE => {
                let valid = (DEFAULT_FRAME..=LARGEST_FRAME).contains(&value);
                if valid {
                    self.frame.set(value);
                }
                valid
            }
            ENABLE_PUSH | ENABLE_CONNECT_PROTOCOL => value <= 1,
            INITIAL_WINDOW_SIZE => value <= i32::MAX as u32,
            _ => true,
        };
        Anomalies::SETTING_VALUE.when(!valid)
    }

    /// A whole SETTINGS frame has been sent.
    pub(super) fn sent(&mut self) {
        self.unacknowledged = self.unacknowledged.saturating_add(1);
    }

    /// The other end acknowledges the oldest that is not. When none is left, the last values are those in use.
    pub(super) fn acknowledged(&mut self) {
        self.unacknowledged = self.unacknowledged.saturating_sub(1);
        if self.unacknowledged == 0 {
            self.table.most = self.table.last;
            self.frame.most = self.frame.last;
        }
    }

    /// The largest header table that the other end may use.
    pub(super) fn table_size(&self) -> u32 {
        if self.uncertain { u32::MAX } else { self.table.most }
    }

    /// The largest frame that the other end may send.
    pub(super) fn frame_size(&self) -> u32 {
        if self.uncertain { LARGEST_FRAME } else { self.frame.most }
    }

    /// The largest frame that the other end is known to be allowed.
    pub(super) fn expected_frame_size(&self) -> u32 {
        self.frame.most
    }

    /// Takes the value of an HTTP2-Settings field: a SETTINGS payload in base64url, RFC 7540 §3.2.1. The 101 that
    /// answers it acknowledges it. What cannot be decoded, and all behind it, is left out.
    pub(super) fn upgrade(&mut self, encoded: &[u8]) {
        let mut setting = [0; 6];
        // Eight digits are six octets, which are one setting; padding is never needed and not allowed.
        for digits in encoded.chunks(8) {
            if URL_SAFE_NO_PAD.decode_slice(digits, &mut setting) != Ok(setting.len()) {
                break;
            }
            // What is wrong with a value is told of frames alone; this one is of a request that was read before.
            let _ = self.set(setting);
        }
        self.acknowledged();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(size: u32) -> [u8; 6] {
        let [a, b, c, d] = size.to_be_bytes();
        [0, 1, a, b, c, d]
    }

    #[test]
    fn the_larger_of_old_and_new_is_allowed_until_the_acknowledgement() {
        let mut settings = Settings::new();
        assert!(settings.set(table(100)).is_empty());
        settings.sent();
        assert_eq!(settings.table_size(), 4096);
        settings.acknowledged();
        assert_eq!(settings.table_size(), 100);
        settings.set(table(9000));
        settings.sent();
        settings.set(table(50));
        settings.sent();
        settings.acknowledged();
        assert_eq!(settings.table_size(), 9000, "the second is still on its way");
        settings.acknowledged();
        assert_eq!(settings.table_size(), 50);
    }

    #[test]
    fn values_out_of_range_are_anomalies_and_not_taken() {
        let mut settings = Settings::new();
        assert_eq!(settings.set([0, 5, 0, 0, 0, 1]), Anomalies::SETTING_VALUE);
        assert_eq!(settings.frame_size(), DEFAULT_FRAME);
        assert_eq!(settings.set([0, 2, 0, 0, 0, 2]), Anomalies::SETTING_VALUE);
        assert_eq!(settings.set([0, 4, 0x80, 0, 0, 0]), Anomalies::SETTING_VALUE);
    }

    #[test]
    fn an_upgrade_carries_settings_in_base64url() {
        let upgraded = |encoded: &[u8]| {
            let mut settings = Settings::new();
            settings.upgrade(encoded);
            (settings.table_size(), settings.frame_size())
        };
        // HEADER_TABLE_SIZE 65536 and MAX_CONCURRENT_STREAMS 100.
        assert_eq!(upgraded(b"AAEAAQAAAAMAAABk"), (65_536, DEFAULT_FRAME));
        // MAX_FRAME_SIZE 16777215, in whose digits are both that base64 has not.
        assert_eq!(upgraded(b"AAUA____AAEAAAD-"), (254, LARGEST_FRAME));
        for encoded in [&b""[..], b"AAEAAQ", b"AAEAAQ==", b"AAEAAQ+/", b" AEAAQAA", b"AAEAAQA"] {
            assert_eq!(upgraded(encoded), (DEFAULT_TABLE, DEFAULT_FRAME), "{}", String::from_utf8_lossy(encoded));
        }
        assert_eq!(upgraded(b"AAEAAQAA!"), (65_536, DEFAULT_FRAME), "as far as it goes");
    }
}
