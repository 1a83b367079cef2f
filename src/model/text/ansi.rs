//! Escape sequences of terminals: the colours of a text become [`Span`]s beside it, everything else is left out.

use serde::{Deserialize, Serialize};
use vte::{Params, Parser, Perform};

use super::{CUT, LONGEST, is_harmless};

/// Stretches of their own style in one text, at most; what is behind them is plain.
const MOST_SPANS: usize = 500;

/// A text and how its writer coloured it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Styled {
    /// Without any control character, see [`super::clean`].
    pub text: String,
    /// In order, without overlap, none empty, each from one character's start to another's; what lies between is plain.
    pub spans: Vec<Span>,
}

/// A stretch of a text that has a style.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Its first byte.
    pub start: u32,
    /// The byte behind its last one.
    pub end: u32,
    /// How it looks.
    pub style: Style,
}

/// What SGR sequences say of a text. Blinking and hiding are left out: the first disturbs, the second deceives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Style {
    /// Colour of the letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreground: Option<Color>,
    /// Colour behind them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background: Option<Color>,
    /// Bold.
    #[serde(skip_serializing_if = "is_off")]
    pub bold: bool,
    /// Faint.
    #[serde(skip_serializing_if = "is_off")]
    pub dim: bool,
    /// Italic.
    #[serde(skip_serializing_if = "is_off")]
    pub italic: bool,
    /// Underlined in any way.
    #[serde(skip_serializing_if = "is_off")]
    pub underline: bool,
    /// Foreground and background exchanged.
    #[serde(skip_serializing_if = "is_off")]
    pub reverse: bool,
    /// Crossed out.
    #[serde(skip_serializing_if = "is_off")]
    pub crossed_out: bool,
}

/// A colour as the writer named it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Color {
    /// Of the terminal's palette: 0 to 7 are the basic ones, 8 to 15 the bright ones.
    Indexed(u8),
    /// Red, green and blue.
    Rgb(u8, u8, u8),
}

/// Whether a flag needs no writing.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_off(flag: &bool) -> bool {
    !flag
}

/// `raw` without escape sequences and control characters, and its colours. Tabs become one space, newlines stay. Cut at
/// [`LONGEST`] bytes with an `…`.
pub(super) fn styled(raw: &str) -> Styled {
    let mut reader = Reader {
        text: String::with_capacity(raw.len().min(LONGEST)),
        ..Reader::default()
    };
    Parser::new().advance(&mut reader, raw.as_bytes());
    reader.close();
    Styled {
        text: reader.text,
        spans: reader.spans,
    }
}

/// Receives what the parser tells apart.
#[derive(Default)]
struct Reader {
    text: String,
    spans: Vec<Span>,
    /// Of the text that comes next.
    style: Style,
    /// Where the stretch of that style begins.
    start: usize,
    full: bool,
}

impl Reader {
    fn push(&mut self, c: char) {
        if self.full || !is_harmless(c) {
            return;
        }
        if self.text.len() + c.len_utf8() > LONGEST {
            self.full = true;
            self.text.push(CUT);
        } else {
            self.text.push(c);
        }
    }

    /// The stretch so far is whole.
    fn close(&mut self) {
        let (start, end) = (self.start, self.text.len());
        self.start = end;
        let style = self.style.readable();
        if start == end || style == Style::default() || self.spans.len() == MOST_SPANS {
            return;
        }
        // Both are below `LONGEST` plus one letter.
        let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(end)) else {
            return;
        };
        match self.spans.last_mut() {
            Some(last) if last.end == start && last.style == style => last.end = end,
            _ => self.spans.push(Span { start, end, style }),
        }
    }
}

impl Perform for Reader {
    fn print(&mut self, c: char) {
        if c.is_ascii_graphic() && self.text.len() < LONGEST {
            self.text.push(c); // the most frequent, without further questions
        } else {
            self.push(c);
        }
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\n' => self.push('\n'),
            b'\t' => self.push(' '),
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], ignore: bool, action: char) {
        if action != 'm' || ignore || !intermediates.is_empty() {
            return;
        }
        let mut style = self.style;
        style.apply(params);
        if style != self.style {
            self.close();
            self.style = style;
        }
    }
}

impl Style {
    /// The same, without colours that would hide the text: letters of the colour behind them.
    fn readable(self) -> Self {
        if self.foreground.is_some() && self.foreground == self.background {
            return Self {
                foreground: None,
                background: None,
                ..self
            };
        }
        self
    }

    /// Carries out the parameters of one SGR sequence; unknown ones are passed over.
    fn apply(&mut self, params: &Params) {
        let mut params = params.iter();
        while let Some(param) = params.next() {
            let Some((code, detail)) = param.split_first() else {
                continue;
            };
            match code {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                3 => self.italic = true,
                4 => self.underline = detail.first() != Some(&0),
                7 => self.reverse = true,
                9 => self.crossed_out = true,
                21 => self.underline = true,
                22 => (self.bold, self.dim) = (false, false),
                23 => self.italic = false,
                24 => self.underline = false,
                27 => self.reverse = false,
                29 => self.crossed_out = false,
                30..=37 => self.foreground = indexed(code - 30),
                39 => self.foreground = None,
                40..=47 => self.background = indexed(code - 40),
                49 => self.background = None,
                90..=97 => self.foreground = indexed(code - 90 + 8),
                100..=107 => self.background = indexed(code - 100 + 8),
                38 | 48 | 58 => {
                    // `38:5:1` in one, or `38;5;1` in several
                    let color = if detail.is_empty() {
                        color(&mut params.by_ref().filter_map(|param| param.first().copied()))
                    } else {
                        color_of(detail)
                    };
                    match code {
                        _ if color.is_none() => return, // what belongs to it cannot be told from what follows
                        38 => self.foreground = color,
                        48 => self.background = color,
                        _ => {} // of the underline
                    }
                }
                _ => {}
            }
        }
    }
}

/// A colour of the palette.
fn indexed(index: u16) -> Option<Color> {
    u8::try_from(index).ok().map(Color::Indexed)
}

/// The colour behind 38 or 48: `5;index` or `2;red;green;blue`.
fn color(codes: &mut dyn Iterator<Item = u16>) -> Option<Color> {
    match codes.next()? {
        5 => indexed(codes.next()?),
        2 => {
            let mut part = || u8::try_from(codes.next()?).ok();
            Some(Color::Rgb(part()?, part()?, part()?))
        }
        _ => None,
    }
}

/// The same with colons, where a colour space may stand before the red.
fn color_of(codes: &[u16]) -> Option<Color> {
    match codes {
        [2, _, rest @ ..] if rest.len() >= 3 => color(&mut [2].into_iter().chain(rest.iter().copied())),
        codes => color(&mut codes.iter().copied()),
    }
}

#[cfg(test)]
mod tests;
