//! Lists as people read them, and as programs do.

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use super::style::{self, paint};
use super::{Printer, sanitise};
use crate::exit::Exit;

/// Shows rows as an aligned table, or as a JSON array.
pub fn show<R: Serialize>(
    printer: &Printer,
    rows: &[R],
    header: &[&str],
    none: &str,
    cells: impl Fn(&R) -> Vec<String>,
) -> anyhow::Result<Exit> {
    if printer.json() {
        printer.result(&(serde_json::to_string_pretty(rows)? + "\n"))?;
        return Ok(Exit::Done);
    }
    if rows.is_empty() {
        printer.note(none);
        return Ok(Exit::Done);
    }
    let text = aligned(header, rows.iter().map(cells));
    let (head, body) = text.split_once('\n').unwrap_or((&text, ""));
    printer.result(&format!("{}\n{body}", paint(style::STRONG, head)))?;
    Ok(Exit::Done)
}

/// Columns as wide as their content; a line a row, however wide the terminal is, so that `grep` finds whole rows.
pub fn aligned(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.iter().copied());
    for row in rows {
        table.add_row(row.iter().map(|cell| sanitise(cell)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt() + "\n"
}
