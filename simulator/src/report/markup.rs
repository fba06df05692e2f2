use std::fmt::Write;

/// Writes HTML and SVG that is well-formed whatever the text in it: everything that comes from outside is escaped, and
/// every element that is opened is closed.
#[derive(Debug, Default)]
pub(super) struct Markup {
    out: String,
    open: Vec<&'static str>,
}

impl Markup {
    /// Begins an element.
    pub(super) fn open(&mut self, tag: &'static str, attributes: &[(&str, &str)]) {
        self.start(tag, attributes);
        self.out.push('>');
        self.open.push(tag);
    }

    /// Ends the element that was begun last.
    pub(super) fn close(&mut self) {
        let tag = self.open.pop().expect("each close has its open");
        let _ = write!(self.out, "</{tag}>");
    }

    /// An element that cannot have content: a shape of SVG, or one of HTML's void elements.
    pub(super) fn leaf(&mut self, tag: &'static str, attributes: &[(&str, &str)]) {
        self.start(tag, attributes);
        self.out.push_str("/>");
    }

    /// An element with nothing but text in it.
    pub(super) fn element(&mut self, tag: &'static str, attributes: &[(&str, &str)], text: &str) {
        self.open(tag, attributes);
        self.text(text);
        self.close();
    }

    /// Text.
    pub(super) fn text(&mut self, text: &str) {
        push_escaped(&mut self.out, text);
    }

    /// The stylesheet. Not escaped, as HTML does not read escapes in it: not for what comes from outside.
    pub(super) fn style(&mut self, css: &'static str) {
        debug_assert!(!css.contains(['<', '&']), "these would need escaping");
        let _ = write!(self.out, "<style>{css}</style>");
    }

    /// What was written.
    pub(super) fn finish(self) -> String {
        assert!(self.open.is_empty(), "still open: {:?}", self.open);
        self.out
    }

    fn start(&mut self, tag: &'static str, attributes: &[(&str, &str)]) {
        let _ = write!(self.out, "<{tag}");
        for (name, value) in attributes {
            let _ = write!(self.out, " {name}=\"");
            push_escaped(&mut self.out, value);
            self.out.push('"');
        }
    }
}

fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            // XML has no way to write these.
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

/// A length in a drawing, to a tenth of a pixel.
pub(super) fn px(length: f64) -> String {
    let text = format!("{length:.1}");
    match text.strip_suffix(".0") {
        Some("-0") => "0".to_owned(),
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_comes_back(text in any::<String>(), value in any::<String>()) {
            let mut markup = Markup::default();
            markup.element("p", &[("title", &value)], &text);
            let written = markup.finish();
            let document = roxmltree::Document::parse(&written).unwrap();
            let visible = |text: &str| -> String {
                let replaced = |c: char| (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{fffe}' | '\u{ffff}');
                text.chars().map(|c| if replaced(c) { '\u{fffd}' } else { c }).collect()
            };
            prop_assert_eq!(document.root_element().text().unwrap_or(""), visible(&text));
            // XML reads white space in attributes as spaces.
            let value = visible(&value).replace(['\n', '\t'], " ");
            prop_assert_eq!(document.root_element().attribute("title").unwrap(), value);
        }
    }

    #[test]
    fn lengths_are_short() {
        assert_eq!((px(1.0).as_str(), px(-0.01).as_str(), px(2.26).as_str()), ("1", "0", "2.3"));
    }
}
