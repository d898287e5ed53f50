//! What the two ends agreed beside the base protocol.

/// The extensions in use, as the server's answer names them. They decide which reserved bits may be set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extensions {
    /// `permessage-deflate`: RSV1 on the first frame of a message says that it is compressed (RFC 7692 §6).
    pub permessage_deflate: bool,
    /// Any other extension, which may use any reserved bit.
    pub other: bool,
}

impl Extensions {
    /// Reads a `Sec-WebSocket-Extensions` of the server's answer (RFC 6455 §9.1). Where there are several, each is
    /// read and they are joined by [`Extensions::and`].
    pub fn from_header(value: &str) -> Self {
        let mut extensions = Self::default();
        // A comma in a quoted parameter would look like an extension more. That forgives a bit, and accuses nobody.
        for extension in value.split(',') {
            let name = extension.split(';').next().unwrap_or_default().trim_ascii();
            if name.eq_ignore_ascii_case("permessage-deflate") {
                extensions.permessage_deflate = true;
            } else if !name.is_empty() {
                extensions.other = true;
            }
        }
        extensions
    }

    /// What either names.
    pub const fn and(self, other: Self) -> Self {
        Self {
            permessage_deflate: self.permessage_deflate || other.permessage_deflate,
            other: self.other || other.other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Extensions;

    #[test]
    fn extensions_are_told_by_name() {
        let (none, deflate) = (Extensions::default(), Extensions { permessage_deflate: true, other: false });
        assert_eq!(Extensions::from_header(""), none);
        assert_eq!(Extensions::from_header(" , "), none);
        assert_eq!(Extensions::from_header("Permessage-Deflate; server_no_context_takeover"), deflate);
        assert_eq!(Extensions::from_header("permessage-deflate-2"), Extensions { other: true, ..none });
        assert_eq!(Extensions::from_header("x , permessage-deflate"), Extensions { other: true, ..deflate });
        assert_eq!(none.and(deflate), deflate);
    }
}
