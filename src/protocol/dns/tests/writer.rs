//! Writes messages: the opposite of what is tested, with names compressed wherever they can be.

use std::collections::HashMap;

/// A name by its labels.
pub type Labels = Vec<Vec<u8>>;

#[derive(Debug, Default)]
pub struct Writer {
    pub bytes: Vec<u8>,
    /// Where each name was written that a pointer can reach.
    known: HashMap<Labels, u16>,
}

impl Writer {
    pub fn header(id: u16, flags: u16, counts: [u16; 4]) -> Self {
        let mut writer = Self::default();
        [id, flags].iter().chain(&counts).for_each(|&word| writer.word(word));
        writer
    }

    pub fn word(&mut self, word: u16) {
        self.bytes.extend(word.to_be_bytes());
    }

    pub fn name(&mut self, labels: &[Vec<u8>]) {
        for (index, label) in labels.iter().enumerate() {
            let rest = labels[index..].to_vec();
            if let Some(&offset) = self.known.get(&rest) {
                return self.word(0xc000 | offset);
            }
            if let Ok(offset) = u16::try_from(self.bytes.len())
                && offset < 0x4000
            {
                self.known.insert(rest, offset);
            }
            self.bytes.push(label.len() as u8);
            self.bytes.extend(label);
        }
        self.bytes.push(0);
    }

    pub fn question(&mut self, labels: &[Vec<u8>], kind: u16, class: u16) {
        self.name(labels);
        [kind, class].into_iter().for_each(|word| self.word(word));
    }

    pub fn record(&mut self, labels: &[Vec<u8>], kind: u16, class: u16, ttl: u32, data: impl FnOnce(&mut Self)) {
        self.question(labels, kind, class);
        self.bytes.extend(ttl.to_be_bytes());
        let length_at = self.bytes.len();
        self.word(0);
        data(self);
        let length = (self.bytes.len() - length_at - 2) as u16;
        self.bytes[length_at..length_at + 2].copy_from_slice(&length.to_be_bytes());
    }
}

pub fn labels(name: &str) -> Labels {
    name.split('.').filter(|label| !label.is_empty()).map(|label| label.as_bytes().to_vec()).collect()
}
