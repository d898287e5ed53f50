//! What the decoder is held to: the examples of the RFC, and an encoder that is too simple to be wrong.

mod appendix_c;
pub(crate) mod encoder;
mod properties;

use super::{Decoded, Decoder, Error};

/// A field as it came out: name and value, `None` where unknown.
type Seen = (Option<Vec<u8>>, Option<Vec<u8>>);

fn decode(decoder: &mut Decoder, block: &[u8]) -> (Vec<Seen>, Result<Decoded, Error>) {
    let mut fields = Vec::new();
    let result = decoder.decode(block, |field| {
        fields.push((field.name.map(<[u8]>::to_vec), field.value.map(<[u8]>::to_vec)));
    });
    (fields, result)
}

fn known(fields: &[(&str, &str)]) -> Vec<Seen> {
    fields.iter().map(|(name, value)| (Some(name.as_bytes().to_vec()), Some(value.as_bytes().to_vec()))).collect()
}
