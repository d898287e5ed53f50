//! What a name says of the value beside it: a header's, a parameter's, a member's.
//!
//! Names are compared without regard to case and to what separates their words: `X-Api-Key` is `api_key`.

/// Longest name that is looked at. A longer one is no name that anybody chose, so it counts as a secret's.
const MAX_NAME: usize = 64;

/// What makes a name that of a secret wherever it stands in it, by the first letter.
fn secret_parts(first: u8) -> &'static [&'static [u8]] {
    match first {
        b'2' => &[b"2fa"],
        b'a' => &[b"apikey", b"accesskey", b"authkey", b"accountkey", b"authorization", b"activationcode"],
        b'b' => &[b"bearer", b"backupcode"],
        b'c' => {
            &[b"credential", b"csrf", b"clientassertion", b"codeverifier", b"confirmationcode", b"connectionstring"]
        }
        b'd' => &[b"devicecode"],
        b'e' => &[b"encryptionkey", b"emailcode"],
        b'j' => &[b"jwt"],
        b'l' => &[b"licensekey", b"logincode"],
        b'm' => &[b"magiclink", b"mfacode", b"mnemonic"],
        b'o' => &[b"onetime"],
        b'p' => &[b"passw", b"passphrase", b"passcode", b"pwd", b"private"],
        b'r' => &[b"recoverycode", b"resetcode"],
        b's' => &[
            b"secret",
            b"session",
            b"sessid",
            b"signature",
            b"samlrequest",
            b"samlresponse",
            b"securitycode",
            b"smscode",
            b"socialsecurity",
            b"subscriptionkey",
        ],
        b't' => &[b"token", b"twofactor"],
        b'u' => &[b"unlockcode"],
        b'v' => &[b"verificationcode"],
        b'x' => &[b"xsrf"],
        _ => &[],
    }
}

/// Words that make a name that of a secret if they stand alone in it: `db_pass`, `X-Auth`, `userPin`.
const SECRET_WORDS: [&[u8]; 14] = [
    b"pass", b"auth", b"sig", b"otp", b"otps", b"totp", b"pin", b"pins", b"ssn", b"cvv", b"cvc", b"dsn", b"pw", b"sas",
];

/// Whole names of secrets.
const SECRET_NAMES: [&[u8]; 10] = [
    b"sid",
    b"sess",
    b"connectsid",
    b"cookie",
    b"cookies",
    b"setcookie",
    b"cvv2",
    b"cvc2",
    b"assertion",
    b"xforwardedclientcert",
];

/// Names of what may be a secret: it is if it looks made by a machine.
const DOUBTFUL_NAMES: [&[u8]; 8] = [b"key", b"code", b"state", b"nonce", b"ticket", b"sign", b"invite", b"hash"];

/// How much a name says that its value is secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Secrecy {
    None,
    /// If the value looks made by a machine.
    Doubtful,
    /// Whatever the value is.
    Secret,
}

/// Judges a name that is percent-decoded.
pub fn secrecy(name: &[u8]) -> Secrecy {
    let mut buffer = [0; MAX_NAME];
    let Some(folded) = fold(name, &mut buffer) else { return Secrecy::Secret };
    let has_word = words(name).any(|word| SECRET_WORDS.iter().any(|secret| secret.eq_ignore_ascii_case(word)));
    if has_word || SECRET_NAMES.contains(&folded) || has_secret_part(folded) {
        return Secrecy::Secret;
    }
    if DOUBTFUL_NAMES.contains(&folded) { Secrecy::Doubtful } else { Secrecy::None }
}

/// The words of a name, however it keeps them apart: `db_pass`, `db-pass`, `dbPass`.
fn words(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    let parts = name.split(|byte| !byte.is_ascii_alphanumeric());
    parts.flat_map(|part| part.chunk_by(|left, right| !(left.is_ascii_lowercase() && right.is_ascii_uppercase())))
}

/// Whether the value beside a name is a secret.
pub fn is_secret(name: &[u8], value: &[u8]) -> bool {
    match secrecy(name) {
        Secrecy::Secret => true,
        Secrecy::Doubtful => is_opaque(value),
        Secrecy::None => false,
    }
}

/// Whether a cookie of this name is likely to say who somebody is.
pub fn is_login_cookie(name: &[u8]) -> bool {
    let mut buffer = [0; MAX_NAME];
    let Some(folded) = fold(name, &mut buffer) else { return false };
    name.starts_with(b"__Host-")
        || name.starts_with(b"__Secure-")
        || [b"session".as_slice(), b"sess", b"auth", b"token", b"jwt", b"login"]
            .iter()
            .any(|part| contains(folded, part))
        || folded.ends_with(b"sid")
}

/// Whether this can be shown as a name: words that somebody chose, not a value in the place of one.
pub fn is_plain(name: &[u8]) -> bool {
    let usual = |&byte: &u8| byte.is_ascii_alphanumeric() || b"_-.[]$:*~/".contains(&byte);
    !name.is_empty() && name.len() <= MAX_NAME && name.iter().all(usual) && !name.split(is_separator).any(is_generated)
}

/// Whether a value looks made by a machine and is no UUID, which names things rather than opens them.
pub fn is_opaque(value: &[u8]) -> bool {
    /// Shorter ones are versions, dates and the like.
    const MIN: usize = 16;
    /// Hexadecimal digits have 4 at most, English words about 3 in a text of this length.
    const MIN_BITS: f32 = 2.8;
    let usual = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-+/=.~:".contains(byte);
    if value.len() < MIN || !value.iter().all(usual) || is_uuid(value) {
        return false;
    }
    (value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic) || has_mixed_case(value))
        && bits_per_byte(value) >= MIN_BITS
}

/// Whether it is written as RFC 9562 §4 has it.
pub fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_separator(byte: &u8) -> bool {
    b"_-.[]$:*~/".contains(byte)
}

/// Whether a word of a name is a number, an identifier or a token instead.
fn is_generated(word: &[u8]) -> bool {
    let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    match word.len() {
        0..6 => digits > 4,
        6..16 => digits * 2 >= word.len(),
        _ => digits >= 3 || has_mixed_case(word),
    }
}

/// Whether large and small letters alternate more than in words that are written together.
fn has_mixed_case(value: &[u8]) -> bool {
    let changes = value.windows(2).filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()).count();
    value.len() >= 16 && changes * 5 >= value.len()
}

fn bits_per_byte(value: &[u8]) -> f32 {
    let mut counts = [0_u16; 256];
    let value = &value[..value.len().min(256)];
    for &byte in value {
        counts[usize::from(byte)] += 1;
    }
    let share = |count: u16| f32::from(count) / value.len() as f32;
    counts.into_iter().filter(|&count| count > 0).map(|count| -share(count) * share(count).log2()).sum()
}

fn has_secret_part(name: &[u8]) -> bool {
    name.iter().enumerate().any(|(at, &first)| secret_parts(first).iter().any(|part| name[at..].starts_with(part)))
}

fn contains(name: &[u8], part: &[u8]) -> bool {
    name.windows(part.len()).any(|window| window == part)
}

/// The letters and digits of a name, in small letters.
fn fold<'b>(name: &[u8], buffer: &'b mut [u8; MAX_NAME]) -> Option<&'b [u8]> {
    let mut len = 0;
    for byte in name.iter().filter(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii()) {
        *buffer.get_mut(len)? = byte.to_ascii_lowercase();
        len += 1;
    }
    buffer.get(..len)
}
