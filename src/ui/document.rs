//! A dialog of sections with labelled values that can be scrolled: details and help.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::frame;
use super::hints;
use super::pen::Pen;
use super::scene::Scene;
use super::wrap::wrapped;

/// A line of a document.
pub(super) enum Entry {
    /// A heading, with an empty line above.
    Section(String),
    /// The same in a style of its own, over several lines where it has to.
    Heading(String, Style),
    /// A label and its value, which may take several lines.
    Field(&'static str, String, Style),
    /// A key and what it does.
    Key(String, &'static str),
    /// A line of its own, cut at the end.
    Text(String, Style),
}

/// Sections under a title.
pub(super) struct Document {
    title: String,
    label: u16,
    entries: Vec<Entry>,
}

impl Document {
    /// An empty one, with labels of that width.
    pub(super) fn new(title: impl Into<String>, label: u16) -> Self {
        Self {
            title: title.into(),
            label,
            entries: Vec::new(),
        }
    }

    /// Appends a line.
    pub(super) fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Appends a heading.
    pub(super) fn section(&mut self, title: impl Into<String>) {
        self.push(Entry::Section(title.into()));
    }

    /// Appends a heading in that style.
    pub(super) fn heading(&mut self, title: impl Into<String>, style: Style) {
        self.push(Entry::Heading(title.into(), style));
    }

    /// Appends a value with its label.
    pub(super) fn field(&mut self, label: &'static str, value: impl Into<String>, style: Style) {
        self.push(Entry::Field(label, value.into(), style));
    }

    /// Appends a line of text.
    pub(super) fn text(&mut self, text: impl Into<String>, style: Style) {
        self.push(Entry::Text(text.into(), style));
    }

    /// Draws it in the middle of `area`, as wide as `most`, from line `scroll` on or from the last page.
    pub(super) fn draw(&self, buffer: &mut Buffer, area: Rect, most: u16, scroll: u16, scene: &Scene<'_>) {
        // Narrow strips of what lies below would only disturb.
        let width = if area.width < most + 10 { area.width } else { most };
        let lines = self.lines(width.saturating_sub(4), scene);
        let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
        let height = if area.height < height.saturating_add(4) {
            area.height
        } else {
            height
        };
        let place = frame::centred(area, width, height);
        let page = usize::from(height.saturating_sub(2));
        let first = usize::from(scroll).min(lines.len().saturating_sub(page));
        let below = lines.len().saturating_sub(first + page);
        let note = match (first, below) {
            (0, 0) => String::new(),
            (0, below) => format!("↓ {below} more"),
            (above, 0) => format!("↑ {above} more"),
            (above, below) => format!("↑ {above} ↓ {below} more"),
        };
        let inside = frame::dialog(buffer, place, &self.title, &note, scene.theme);
        for (row, line) in (0..).zip(lines.iter().skip(first).take(page)) {
            let mut pen = Pen::at(buffer, inside, row);
            for (text, style, column) in line {
                match column {
                    Some(width) => pen.column(text, *style, *width, false),
                    None => pen.put(text, *style),
                };
            }
        }
        hints::close(buffer, place, scene);
    }

    fn lines(&self, width: u16, scene: &Scene<'_>) -> Vec<Vec<(&str, Style, Option<u16>)>> {
        let theme = scene.theme;
        let label_width = self.label.min(width / 2);
        let mut lines = Vec::new();
        for entry in &self.entries {
            match entry {
                Entry::Section(title) => {
                    if !lines.is_empty() {
                        lines.push(Vec::new());
                    }
                    lines.push(vec![(title.as_str(), theme.title, None)]);
                }
                Entry::Heading(title, style) => {
                    if !lines.is_empty() {
                        lines.push(Vec::new());
                    }
                    lines.extend(wrapped(title, width).into_iter().map(|part| vec![(part, *style, None)]));
                }
                Entry::Field(label, value, style) => {
                    let mut label = *label;
                    for part in wrapped(value, width.saturating_sub(label_width + 2)) {
                        lines.push(vec![
                            ("  ", theme.dim, None),
                            (label, theme.dim, Some(label_width)),
                            (part, *style, None),
                        ]);
                        label = "";
                    }
                }
                Entry::Key(key, help) => {
                    let mut key = key.as_str();
                    for part in wrapped(help, width.saturating_sub(label_width + 2)) {
                        lines.push(vec![
                            ("  ", theme.dim, None),
                            (key, theme.key, Some(label_width)),
                            (part, theme.text, None),
                        ]);
                        key = "";
                    }
                }
                Entry::Text(text, style) => lines.push(vec![("  ", theme.dim, None), (text.as_str(), *style, None)]),
            }
        }
        lines
    }
}
