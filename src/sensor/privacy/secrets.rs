//! Makes up secrets: right in their form and check digits, and nobody's. The same seed makes the same ones.
//!
//! It needs nothing else, so that tests of the whole binary can take this file in by its path.

/// A secret, and how one can see that it got through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    pub kind: &'static str,
    /// As it is sent.
    pub text: String,
    /// The part that may appear nowhere.
    pub needle: String,
    /// It opens something. Others are personal.
    pub credential: bool,
    /// Only the name beside it tells that it is one.
    pub needs_name: bool,
}

/// Makes one secret after another.
#[derive(Debug, Clone)]
pub struct Secrets {
    state: u64,
}

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const UPPER_AND_DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE64_URL: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const HEX: &[u8] = b"0123456789abcdef";

/// Names that call their values secret, as applications write them.
pub const SECRET_NAMES: [&str; 16] = [
    "password",
    "Token",
    "access_token",
    "API-KEY",
    "apikey",
    "client_secret",
    "sessionId",
    "X-Amz-Signature",
    "sig",
    "userPassword",
    "refreshToken",
    "PRIVATE_KEY",
    "csrf_token",
    "pwd",
    "auth",
    "AWSAccessKeyId",
];

impl Secrets {
    pub fn seeded(seed: u64) -> Self {
        Secrets { state: seed }
    }

    /// SplitMix64.
    fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Less than `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.number() % limit as u64) as usize
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A text of so many of these bytes.
    pub fn text(&mut self, of: &[u8], len: usize) -> String {
        (0..len).map(|_| char::from(self.pick(of))).collect()
    }

    /// A secret of any kind.
    pub fn secret(&mut self) -> Secret {
        let kinds = [
            Self::card,
            Self::card,
            Self::iban,
            Self::social_security,
            Self::email,
            Self::phone,
            Self::json_web_token,
            Self::pem,
            Self::vendor_key,
            Self::vendor_key,
            Self::basic,
            Self::bearer,
            Self::user_info,
            Self::password,
            Self::session,
        ];
        self.pick(&kinds)(self)
    }

    /// A secret that is one by its form, wherever it stands.
    pub fn formed(&mut self) -> Secret {
        loop {
            let secret = self.secret();
            if !secret.needs_name {
                return secret;
            }
        }
    }

    fn card(&mut self) -> Secret {
        let (start, len) = self.pick(&[
            ("4", 16),
            ("4", 13),
            ("4", 19),
            ("51", 16),
            ("55", 16),
            ("2221", 16),
            ("2720", 16),
            ("34", 15),
            ("37", 15),
            ("6011", 16),
            ("65", 16),
            ("36", 14),
            ("3530", 16),
            ("62", 16),
            ("6759", 16),
            ("2200", 16),
        ]);
        let mut digits = start.to_owned() + &self.text(b"0123456789", len - 1 - start.len());
        let sum: u32 = digits
            .bytes()
            .rev()
            .enumerate()
            .map(|(place, digit)| {
                let digit = u32::from(digit - b'0');
                if place % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit }
            })
            .sum();
        digits.push(char::from(b'0' + (10 - sum % 10) as u8 % 10));
        let groups: &[usize] = match len {
            16 => &[4, 4, 4, 4],
            15 => &[4, 6, 5],
            14 => &[4, 6, 4],
            19 => &[4, 4, 4, 4, 3],
            _ => &[13],
        };
        let separator = self.pick(&["", "", " ", "-"]);
        let mut rest = digits.as_str();
        let parts: Vec<&str> = groups
            .iter()
            .map(|&group| {
                let (part, after) = rest.split_at(group);
                rest = after;
                part
            })
            .collect();
        personal("card", parts.join(separator))
    }

    fn iban(&mut self) -> Secret {
        let (country, len) =
            self.pick(&[("DE", 22), ("GB", 22), ("FR", 27), ("NL", 18), ("NO", 15), ("MT", 31), ("PL", 28)]);
        let of: &[u8] = if matches!(country, "GB" | "NL" | "MT") { b"ABCDEFGH0123456789" } else { b"0123456789" };
        let rest = self.text(of, len - 4);
        let remainder = format!("{rest}{country}00").bytes().fold(0, |remainder, byte| {
            let value = char::from(byte).to_digit(36).unwrap_or_default();
            (remainder * if value < 10 { 10 } else { 100 } + value) % 97
        });
        let number = format!("{country}{:02}{rest}", 98 - remainder);
        if self.below(3) > 0 {
            return personal("iban", number);
        }
        let groups: Vec<String> =
            number.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
        personal("iban", groups.join(" "))
    }

    fn social_security(&mut self) -> Secret {
        let (area, group, serial) = (1 + self.below(665), 1 + self.below(99), 1 + self.below(9999));
        personal("ssn", format!("{area:03}-{group:02}-{serial:04}"))
    }

    fn email(&mut self) -> Secret {
        let (length, domain) = (3 + self.below(8), 4 + self.below(8));
        let name = self.text(LETTERS, length);
        let number = self.below(1000);
        let site = self.text(LETTERS, domain);
        let top = self.pick(&["com", "test", "example", "co.uk", "museum"]);
        personal("email", format!("{name}.{number}@{site}.{top}"))
    }

    fn phone(&mut self) -> Secret {
        let country = self.pick(&["+1", "+44", "+49", "+380", "+91"]);
        let number = format!("{}{}", 2 + self.below(8), self.text(b"0123456789", 8));
        let (area, rest) = number.split_at(3);
        match self.below(3) {
            0 => personal("phone", format!("{country} {area} {rest}")),
            _ => personal("phone", format!("{country}{number}")),
        }
    }

    fn json_web_token(&mut self) -> Secret {
        let algorithm = self.pick(&["HS256", "RS256", "ES384", "none"]);
        let kid = self.text(ALPHANUMERIC, 8);
        let header = match self.below(3) {
            0 => format!("{{\"typ\":\"JWT\",\"alg\":\"{algorithm}\"}}"),
            1 => format!("{{ \"alg\": \"{algorithm}\" }}"),
            _ => format!("{{\"alg\":\"{algorithm}\",\"kid\":\"{kid}\"}}"),
        };
        let (payload, signature) = (40 + self.below(200), self.pick(&[43, 86]));
        let (payload, signature) = (self.text(BASE64_URL, payload), self.text(BASE64_URL, signature));
        credential("jwt", format!("{}.eyJ{payload}.{signature}", base64(header.as_bytes())), &signature)
    }

    fn pem(&mut self) -> Secret {
        let label = self.pick(&["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"]);
        let line = self.text(BASE64, 64);
        credential("pem", format!("-----BEGIN {label}-----\n{line}\n{line}\n-----END {label}-----"), &line)
    }

    fn vendor_key(&mut self) -> Secret {
        let forms: [(&str, &[u8], usize); 14] = [
            ("AKIA", UPPER_AND_DIGITS, 16),
            ("ASIA", UPPER_AND_DIGITS, 16),
            ("AIza", BASE64_URL, 35),
            ("ghp_", ALPHANUMERIC, 36),
            ("gho_", ALPHANUMERIC, 36),
            ("ghs_", ALPHANUMERIC, 36),
            ("github_pat_", ALPHANUMERIC, 82),
            ("xoxb-", ALPHANUMERIC, 40),
            ("xoxp-", ALPHANUMERIC, 40),
            ("sk_live_", ALPHANUMERIC, 24),
            ("rk_live_", ALPHANUMERIC, 24),
            ("glpat-", BASE64_URL, 20),
            ("npm_", ALPHANUMERIC, 36),
            ("sk-ant-", BASE64_URL, 90),
        ];
        let (prefix, of, len) = self.pick(&forms);
        let rest = self.text(of, len);
        credential("vendor key", format!("{prefix}{rest}"), &rest)
    }

    fn basic(&mut self) -> Secret {
        let (user, password) = (self.text(LETTERS, 6), self.text(ALPHANUMERIC, 9));
        let word = self.pick(&["Basic", "basic", "BASIC"]);
        let coded = base64(format!("{user}:{password}!").as_bytes());
        credential("basic", format!("{word} {coded}"), &coded)
    }

    fn bearer(&mut self) -> Secret {
        let token = self.text(ALPHANUMERIC, 39) + "7";
        let word = self.pick(&["Bearer", "bearer"]);
        credential("bearer", format!("{word} {token}"), &token)
    }

    fn user_info(&mut self) -> Secret {
        let (user, password, host) = (self.text(LETTERS, 5), self.text(ALPHANUMERIC, 10), self.text(LETTERS, 8));
        credential("user info", format!("https://{user}:{password}@{host}.test/"), &password)
    }

    fn password(&mut self) -> Secret {
        let text = format!("{}{}!{}", self.text(ALPHANUMERIC, 5), self.below(10), self.text(LETTERS, 4));
        Secret { needs_name: true, ..credential("password", text.clone(), &text) }
    }

    fn session(&mut self) -> Secret {
        let text = self.text(HEX, 32);
        Secret { needs_name: true, ..credential("session", text.clone(), &text) }
    }
}

fn personal(kind: &'static str, text: String) -> Secret {
    Secret { kind, needle: text.clone(), text, credential: false, needs_name: false }
}

fn credential(kind: &'static str, text: String, needle: &str) -> Secret {
    Secret { kind, text, needle: needle.to_owned(), credential: true, needs_name: false }
}

/// Base64 without padding (RFC 4648 §5, and §4 as far as ASCII text goes).
fn base64(bytes: &[u8]) -> String {
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let number = group.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for digit in 0..=group.len() {
            out.push(char::from(BASE64_URL[(number >> (18 - 6 * digit) & 63) as usize]));
        }
    }
    out
}
