//! Keys and tokens that their issuers gave a form.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::{looked_at, run};
use crate::sensor::privacy::names;

/// How the keys of an issuer look: what they begin with, and how many bytes of what kind follow.
struct Form {
    prefix: &'static [u8],
    least: usize,
    most: usize,
    of: fn(u8) -> bool,
}

/// As long as it goes on.
const LONG: usize = usize::MAX;

const FORMS: [Form; 27] = [
    // Amazon: identifiers of lasting and of temporary keys.
    Form { prefix: b"AKIA", least: 16, most: 16, of: is_upper_or_digit },
    Form { prefix: b"ASIA", least: 16, most: 16, of: is_upper_or_digit },
    // Google: keys, access tokens.
    Form { prefix: b"AIza", least: 35, most: LONG, of: is_url_safe },
    Form { prefix: b"ya29.", least: 20, most: LONG, of: is_url_safe },
    // GitHub, GitLab.
    Form { prefix: b"ghp_", least: 30, most: LONG, of: is_alphanumeric },
    Form { prefix: b"gho_", least: 30, most: LONG, of: is_alphanumeric },
    Form { prefix: b"ghu_", least: 30, most: LONG, of: is_alphanumeric },
    Form { prefix: b"ghs_", least: 30, most: LONG, of: is_alphanumeric },
    Form { prefix: b"ghr_", least: 30, most: LONG, of: is_alphanumeric },
    Form { prefix: b"github_pat_", least: 22, most: LONG, of: is_url_safe },
    Form { prefix: b"glpat-", least: 20, most: LONG, of: is_url_safe },
    // Slack.
    Form { prefix: b"xoxa-", least: 10, most: LONG, of: is_url_safe },
    Form { prefix: b"xoxb-", least: 10, most: LONG, of: is_url_safe },
    Form { prefix: b"xoxc-", least: 10, most: LONG, of: is_url_safe },
    Form { prefix: b"xoxd-", least: 10, most: LONG, of: is_url_safe },
    Form { prefix: b"xoxe-", least: 10, most: LONG, of: is_url_safe },
    Form { prefix: b"xoxe.", least: 10, most: LONG, of: is_url_safe },
    Form { prefix: b"xoxo-", least: 10, most: LONG, of: is_url_safe },
    Form { prefix: b"xoxp-", least: 10, most: LONG, of: is_url_safe },
    Form { prefix: b"xoxr-", least: 10, most: LONG, of: is_url_safe },
    Form { prefix: b"xoxs-", least: 10, most: LONG, of: is_url_safe },
    // Stripe.
    Form { prefix: b"sk_live_", least: 10, most: LONG, of: is_alphanumeric },
    Form { prefix: b"rk_live_", least: 10, most: LONG, of: is_alphanumeric },
    Form { prefix: b"whsec_", least: 20, most: LONG, of: is_base64 },
    // Registries of packages.
    Form { prefix: b"npm_", least: 36, most: LONG, of: is_alphanumeric },
    // Language models.
    Form { prefix: b"sk-ant-", least: 20, most: LONG, of: is_url_safe },
    Form { prefix: b"sk-proj-", least: 20, most: LONG, of: is_url_safe },
];

/// A key that begins here.
pub fn vendor(text: &[u8], at: usize) -> Option<Range<usize>> {
    if !b"Aygxsrwn".contains(&text[at]) {
        return None;
    }
    FORMS.iter().find_map(|form| {
        let rest = text[at..].starts_with(form.prefix).then_some(at + form.prefix.len())?;
        // One more is looked at, so that a key of a fixed length is not found in something longer.
        let end = run(text, rest, form.most.saturating_add(1), form.of);
        let fits = end - rest >= form.least && end - rest <= form.most;
        fits.then_some(at..end)
    })
}

/// A token whose header is JSON with `"alg"` (RFC 7515 §4.1.1). It reaches as far as what a token is made of.
pub fn json_web_token(text: &[u8], at: usize) -> Option<Range<usize>> {
    /// Certificates may be in a header; who puts them there names the algorithm before them.
    const LONGEST_HEADER: usize = 512;
    if !text[at..].starts_with(b"ey") {
        return None;
    }
    let header_end = run(text, at, LONGEST_HEADER, is_url_safe);
    if !names_algorithm(&text[at..header_end]) {
        return None;
    }
    let end = run(text, header_end, usize::MAX, |byte| is_url_safe(byte) || b".=".contains(&byte));
    Some(at..end)
}

/// Whether `"alg"` is in what Base64 decodes to. It is not decoded: many tokens that are none may begin in one run of
/// letters.
fn names_algorithm(digits: &[u8]) -> bool {
    /// How it is written, by the place in a group of four at which its first whole digit is. What it shares a digit with
    /// on either side is left out.
    const WRITTEN: [(usize, &[u8]); 3] = [(0, b"ImFsZy"), (2, b"JhbGci"), (3, b"iYWxnI")];
    WRITTEN.iter().any(|&(place, written)| {
        let mut from = 0;
        while let Some(found) = memchr::memmem::find(&digits[from..], written) {
            if (from + found) % 4 == place {
                return true;
            }
            from += found + 1;
        }
        false
    })
}

/// From `-----BEGIN ` to the end of the line of `-----END `, or of the text.
pub fn pem(text: &[u8], at: usize) -> Option<Range<usize>> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    const END: &[u8] = b"-----END ";
    const DASHES: &[u8] = b"-----";
    let rest = text[at..].strip_prefix(BEGIN)?;
    // Looked at first: the rest of the text is read only once it is certain that it is part of what is found.
    rest.first().filter(|label| label.is_ascii_uppercase())?;
    let end = memchr::memmem::find(rest, END).and_then(|end| {
        let label = end + END.len();
        Some(label + memchr::memmem::find(rest.get(label..)?, DASHES)? + DASHES.len())
    });
    let end = end.map_or(text.len(), |end| at + BEGIN.len() + end);
    looked_at(end - at);
    Some(at..end)
}

/// `Bearer` and a token, `Basic` and what decodes to a user and a password (RFC 6750 §2.1, RFC 7617 §2).
pub fn authorization(text: &[u8], at: usize) -> Option<Range<usize>> {
    type Judge = fn(&[u8]) -> bool;
    const SCHEMES: [(&[u8], Judge); 2] = [(b"bearer", is_token), (b"basic", is_user_and_password)];
    let is_here = |scheme: &[u8]| text[at..].get(..scheme.len()).is_some_and(|word| word.eq_ignore_ascii_case(scheme));
    let (scheme, judge) = SCHEMES.into_iter().find(|(scheme, _)| is_here(scheme))?;
    let token = run(text, at + scheme.len(), 4, |byte| byte == b' ');
    if token == at + scheme.len() {
        return None;
    }
    let end = run(text, token, usize::MAX, |byte| is_base64(byte) || b"-._~".contains(&byte));
    judge(&text[token..end]).then_some(at..end)
}

/// Whether it is no word that follows in a sentence.
fn is_token(value: &[u8]) -> bool {
    let inner = value.get(1..).unwrap_or_default();
    names::is_opaque(value)
        || value.len() >= 8 && value.iter().any(u8::is_ascii_digit)
        || value.len() >= 12 && inner.iter().any(u8::is_ascii_uppercase) && inner.iter().any(u8::is_ascii_lowercase)
}

/// Whether it decodes to two texts with a colon between them. Only its start is looked at.
fn is_user_and_password(value: &[u8]) -> bool {
    const LOOKED_AT: usize = 128;
    let digits = &value[..run(value, 0, LOOKED_AT, |byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte))];
    let whole = &digits[..digits.len() / 4 * 4];
    let mut decoded = [0; LOOKED_AT];
    [digits, whole].into_iter().any(|digits| {
        let len = STANDARD_NO_PAD
            .decode_slice(digits, &mut decoded)
            .or_else(|_| URL_SAFE_NO_PAD.decode_slice(digits, &mut decoded));
        len.is_ok_and(|len| decoded[..len].contains(&b':') && !decoded[..len].iter().any(u8::is_ascii_control))
    })
}

fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_upper_or_digit(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn is_url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_".contains(&byte)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)
}
