//! Words that are not shown, however often they are asked for: they look like a secret, or like somebody's.
//!
//! Errs towards hiding: what is hidden wrongly is a `{segment}` that a pattern of the user's can name.

use super::vocabulary;

/// The longest word that is ever shown; names of gRPC methods are long.
pub const LONGEST_WORD: usize = 100;
/// Words of this length are not made of digits and letters, and can be pronounced.
const SUSPICIOUS_LENGTH: usize = 8;
/// So many digits beside letters are a number, however short the word.
const MOST_DIGITS: usize = 2;

/// What secrets begin with, of those that say what they are.
const SECRETS_BEGIN: [&[u8]; 22] = [
    b"AKIA",
    b"ASIA",
    b"AROA",
    b"AIDA",
    b"AIza",
    b"ya29.",
    b"eyJ",
    b"ghp_",
    b"gho_",
    b"ghu_",
    b"ghs_",
    b"ghr_",
    b"github_pat_",
    b"glpat-",
    b"npm_",
    b"pypi-",
    b"sk-",
    b"sk_live_",
    b"sk_test_",
    b"rk_live_",
    b"xoxb-",
    b"xoxp-",
];
/// What begins like one is one from this length on.
const SHORTEST_SECRET: usize = 16;

/// How usual it is that a letter follows another in English and in the names of programs, from 0 to 9: rows are the
/// first letter, columns the second. Letters at random come to an average of 3, words to more than 5.
#[rustfmt::skip]
const USUAL_PAIRS: [&[u8; 26]; 26] = [
    b"34651240503656051657332130",
    b"73427201621732720553600031",
    b"61427106406520720436400020",
    b"52258241700312510561420030",
    b"52574330200446142775132410",
    b"61336710700521710534500020",
    b"60008046600445520762500002",
    b"73138000700321710425400030",
    b"33655440001548640466040203",
    b"41118111115111754161714111",
    b"41229311701315410373412001",
    b"61048100702621710054420050",
    b"75028000702242670052400000",
    b"50566372503214500367331010",
    b"33552330303557450755645110",
    b"70327213501601650756400010",
    b"61131111111611131311911111",
    b"61348130603243620465431040",
    b"40517025604332550067512030",
    b"60418206700310530664401030",
    b"45445340400557250666000000",
    b"70219110700222520110100200",
    b"82017016601416600661002000",
    b"64757603600420270336000240",
    b"44406022500556570276004333",
    b"51119114611313611351111144",
];

/// What stands before a name or a secret of somebody's, however often that is asked for: `/users/jane`, `/reset/swordfish`.
const SOMEBODYS: &[&[u8]] = &[
    b"account",
    b"accounts",
    b"activate",
    b"confirm",
    b"contact",
    b"contacts",
    b"customer",
    b"customers",
    b"employee",
    b"employees",
    b"friends",
    b"guest",
    b"guests",
    b"invitation",
    b"invitations",
    b"invite",
    b"invites",
    b"magic",
    b"member",
    b"members",
    b"owner",
    b"password",
    b"password-reset",
    b"passwords",
    b"patient",
    b"patients",
    b"people",
    b"person",
    b"persons",
    b"player",
    b"players",
    b"profile",
    b"profiles",
    b"reset",
    b"reset-password",
    b"secret",
    b"secrets",
    b"session",
    b"sessions",
    b"student",
    b"students",
    b"token",
    b"tokens",
    b"unsubscribe",
    b"user",
    b"users",
];

/// Whether what follows a segment is somebody's: then only words of APIs in general are shown there.
pub fn is_somebodys_behind(segment: &[u8]) -> bool {
    SOMEBODYS.iter().any(|name| name.eq_ignore_ascii_case(segment))
}

/// Whether a word looks like a secret or like something personal: an address, a number, an identifier.
pub fn looks_sensitive(word: &[u8]) -> bool {
    word.is_empty()
        || word.len() > LONGEST_WORD
        || !word.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._:$".contains(byte))
        || !word.iter().any(u8::is_ascii_alphabetic)
        || begins_like_secret(word)
        || has_number(word)
        || (word.len() >= SUSPICIOUS_LENGTH && is_gibberish(word))
}

/// Whether it begins like a key or token of a well-known service.
pub fn begins_like_secret(word: &[u8]) -> bool {
    word.len() >= SHORTEST_SECRET && SECRETS_BEGIN.iter().any(|begin| word.starts_with(begin))
}

/// Digits beside letters: more than a few, or in a long word. Those of a version, and of words that everybody uses, do
/// not count.
fn has_number(word: &[u8]) -> bool {
    let digits = |part: &[u8]| part.iter().filter(|byte| byte.is_ascii_digit()).count();
    // Most words have none.
    if digits(word) == 0 {
        return false;
    }
    let parts = word.split(|byte| b"-._:".contains(byte));
    let digits: usize = parts.filter(|part| !is_version(part) && !vocabulary::contains(part)).map(digits).sum();
    digits > MOST_DIGITS || (digits > 0 && word.len() >= SUSPICIOUS_LENGTH)
}

/// `v1`, `V12`, `v2beta1`, `v1alpha`.
pub fn is_version(part: &[u8]) -> bool {
    let Some(rest) = part.strip_prefix(b"v").or(part.strip_prefix(b"V")) else { return false };
    let number = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let digits = number(rest);
    let behind = &rest[digits..];
    let behind = [&b"alpha"[..], b"beta", b"rc"].iter().find_map(|stage| behind.strip_prefix(*stage)).unwrap_or(behind);
    (1..=3).contains(&digits) && behind.len() <= 2 && number(behind) == behind.len()
}

/// Whether nobody could pronounce it: its letters follow each other as they do by chance, or change between lower and
/// upper case as they do by chance.
pub fn is_gibberish(word: &[u8]) -> bool {
    let (mut pairs, mut sum, mut letters, mut humps) = (0, 0, 0, 0);
    let mut before = 0;
    for &byte in word {
        if byte.is_ascii_alphabetic() {
            letters += 1;
            if before_ends_at(before, byte) {
                humps += 1;
            } else {
                let [first, second] = [before, byte].map(|letter| usize::from(letter.to_ascii_lowercase() - b'a'));
                pairs += 1;
                sum += usize::from(USUAL_PAIRS[first][second] - b'0');
            }
        }
        before = byte;
    }
    // Few letters tell little; more of them may be told by a smaller difference. Averages are in eighths.
    let usual = if letters >= SHORTEST_SECRET { 36 } else { 32 };
    let unusual = pairs >= 4 && sum * 8 < pairs * usual;
    let mixed = letters >= SHORTEST_SECRET && letters < humps * 3;
    unusual || mixed
}

/// Whether a letter begins a word of its own: after what is no letter, or as a capital after a small one.
fn before_ends_at(before: u8, letter: u8) -> bool {
    !before.is_ascii_alphabetic() || (before.is_ascii_lowercase() && letter.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_names_of_methods_are_not_sensitive() {
        for word in [
            "acme",
            "frobnicate",
            "hello.world",
            "grpc.health.v1.Health",
            "google.cloud.aiplatform.v1beta1.PredictionService",
            "GetUserProfileByIdentifier",
            "listDatabasesRequestHandler",
            "SCREAMING_SNAKE_CASE",
            "a-rather-long-slug-of-words",
            "books:batchGet",
            "$metadata",
            "oauth2callback".strip_suffix("callback").unwrap(),
            "oauth2-callback",
            "step-1",
            "internationalization",
            "knightsbridge",
            "superintendent",
            "keyboardshortcuts",
        ] {
            assert!(!looks_sensitive(word.as_bytes()), "{word}");
        }
    }

    #[test]
    fn secrets_and_personal_data_are_sensitive() {
        for word in [
            "",
            "john@example.com",
            "john%40example.com",
            "@john",
            "~john",
            "john1985",
            "john.smith87",
            "+4917012345678",
            "555-123-4567",
            "4111-1111-1111-1111",
            "AKIAIOSFODNN7EXAMPLE",
            "AKIAIOSFODNNXEXAMPLE",
            "eyJhbGciOiJub25lIn0.eyJzdWIiOiJqb2huIn0.",
            "sk-aaaaaaaaaaaaaaaa",
            "hQxZpLwk",
            "xkqzjwvb",
            "CfMkAGbE_aivhFydEpaRafPuGWbmHfG",
            "a1b2c3",
            "müller",
            &"long".repeat(26),
        ] {
            assert!(looks_sensitive(word.as_bytes()), "{word}");
        }
    }

    #[test]
    fn versions_have_few_digits() {
        for version in ["v1", "V2", "v123", "v1beta1", "v2alpha", "v1rc2"] {
            assert!(is_version(version.as_bytes()), "{version}");
        }
        for other in ["v", "v1234", "v1x", "vbeta", "v1beta123", "1", "", "v12a34"] {
            assert!(!is_version(other.as_bytes()), "{other}");
        }
    }

    /// A linear congruential generator is as much chance as a test needs (Numerical Recipes' constants).
    fn letters(seed: u32, length: usize, alphabet: &[u8]) -> String {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(alphabet[(state >> 16) as usize % alphabet.len()])
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn letters_at_random_are_gibberish_nearly_always() {
        let small: Vec<u8> = (b'a'..=b'z').collect();
        let both: Vec<u8> = small.iter().flat_map(|letter| [*letter, letter.to_ascii_uppercase()]).collect();
        for (length, alphabet, least) in [(8, &small, 850), (12, &both, 880), (16, &small, 980), (22, &both, 990)] {
            let found = (0..1000).filter(|&seed| is_gibberish(letters(seed, length, alphabet).as_bytes())).count();
            assert!(found >= least, "{found} of 1000 with {length} letters of {}", alphabet.len());
        }
    }
}
