//! What a file of Rust uses: paths into other rooms and into other crates, outside of comments, strings and tests.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A file's uses, in order.
pub(super) struct Code {
    pub(super) uses: Vec<Use>,
}

pub(super) struct Use {
    pub(super) line: usize,
    pub(super) target: Target,
}

pub(super) enum Target {
    /// A module at the crate's root.
    Room(String),
    /// Another crate, and which of its items.
    Crate(String, Option<String>),
}

#[derive(Debug, Clone, PartialEq)]
struct Token {
    line: usize,
    text: String,
}

impl Code {
    /// Reads a file that is `depth` modules below its crate's root.
    pub(super) fn parse(text: &str, depth: usize, externs: &BTreeSet<String>) -> Self {
        let tokens = without_tests(&tokens(text)).0;
        let at = |nth: usize| tokens.get(nth).map_or("", |token| token.text.as_str());
        let mut uses = Vec::new();
        for (nth, token) in tokens.iter().enumerate() {
            let continues = nth >= 1 && at(nth - 1) == "::" && nth >= 2 && is_name(at(nth - 2));
            if continues || (nth >= 1 && at(nth - 1) == ".") {
                continue;
            }
            let mut add = |target| uses.push(Use { line: token.line, target });
            let leads_on = at(nth + 1) == "::";
            match token.text.as_str() {
                "crate" if leads_on => {
                    heads(&tokens, nth + 2).into_iter().flatten().for_each(|room| add(Target::Room(room)))
                }
                "super" if leads_on => {
                    let mut ups = 1;
                    while at(nth + 2 * ups) == "super" && at(nth + 2 * ups + 1) == "::" {
                        ups += 1;
                    }
                    if ups >= depth {
                        let found = heads(&tokens, nth + 2 * ups);
                        found.into_iter().flatten().for_each(|room| add(Target::Room(room)));
                    }
                }
                // At the root, rooms are named without `crate::`, and one may be called as a crate is.
                name if externs.contains(name) && (depth > 0 || name.starts_with("etaflow")) => {
                    if leads_on {
                        let items = heads(&tokens, nth + 2);
                        items.into_iter().for_each(|item| add(Target::Crate(name.to_owned(), item)));
                    } else if nth >= 1 && at(nth - 1) == "use" {
                        add(Target::Crate(name.to_owned(), None));
                    }
                }
                _ => {}
            }
        }
        Self { uses }
    }
}

/// The first names of what follows a `::`: one, or those of a group in braces; `None` for a star.
fn heads(tokens: &[Token], from: usize) -> Vec<Option<String>> {
    let name = |token: &Token| is_name(&token.text).then(|| token.text.clone());
    if tokens.get(from).is_none_or(|token| token.text != "{") {
        return tokens.get(from).map(name).into_iter().collect();
    }
    let (mut depth, mut first, mut found) = (0, false, Vec::new());
    for token in &tokens[from..] {
        match token.text.as_str() {
            "{" => (depth, first) = (depth + 1, depth == 0),
            "}" if depth == 1 => break,
            "}" => depth -= 1,
            "," => first = depth == 1,
            _ if first => {
                found.push(name(token));
                first = false;
            }
            _ => {}
        }
    }
    found
}

fn is_name(text: &str) -> bool {
    let keywords = ["as", "dyn", "else", "for", "if", "impl", "in", "match", "move", "mut", "return", "use", "while"];
    text.starts_with(|first: char| first.is_alphabetic() || first == '_') && !keywords.contains(&text)
}

/// The files or directories of the modules that a file declares for tests only.
pub(super) fn test_modules(path: &Path, text: &str) -> Vec<PathBuf> {
    let directory = match path.file_stem().and_then(|stem| stem.to_str()) {
        Some("mod" | "lib" | "main") => path.with_file_name(""),
        _ => path.with_extension(""),
    };
    let modules = without_tests(&tokens(text)).1;
    modules.into_iter().flat_map(|name| [directory.join(format!("{name}.rs")), directory.join(name)]).collect()
}

/// Whether a file is by its name one of tests.
pub(super) fn is_named_as_test(path: &Path) -> bool {
    path.file_stem().and_then(|stem| stem.to_str()).is_some_and(|stem| stem == "tests" || stem.ends_with("_tests"))
}

/// Leaves out the items that are for tests only; and names those that are modules in files of their own.
fn without_tests(tokens: &[Token]) -> (Vec<Token>, Vec<String>) {
    let (mut kept, mut modules) = (Vec::new(), Vec::new());
    let mut nth = 0;
    while nth < tokens.len() {
        if !starts_with(&tokens[nth..], &["#", "[", "cfg", "(", "test", ")", "]"]) {
            kept.push(tokens[nth].clone());
            nth += 1;
            continue;
        }
        nth += 7;
        while starts_with(&tokens[nth..], &["#", "["]) {
            nth = after_matching(tokens, nth + 1, "[", "]");
        }
        let module = tokens[nth..].iter().position(|token| token.text == "mod").filter(|&at| at <= 4);
        let end = tokens[nth..].iter().position(|token| token.text == ";" || token.text == "{");
        let end = nth + end.unwrap_or(tokens.len() - nth);
        if tokens.get(end).is_some_and(|token| token.text == "{") {
            nth = after_matching(tokens, end, "{", "}");
            // The group of a `use` ends with a semicolon.
            nth += usize::from(starts_with(&tokens[nth..], &[";"]));
            continue;
        }
        modules.extend(module.and_then(|at| tokens.get(nth + at + 1)).map(|token| token.text.clone()));
        nth = end + 1;
    }
    (kept, modules)
}

fn starts_with(tokens: &[Token], texts: &[&str]) -> bool {
    tokens.len() >= texts.len() && tokens.iter().zip(texts).all(|(token, text)| token.text == *text)
}

/// Behind the bracket that closes the one at `from`.
fn after_matching(tokens: &[Token], from: usize, open: &str, close: &str) -> usize {
    let mut depth = 0;
    for (nth, token) in tokens.iter().enumerate().skip(from) {
        depth += i32::from(token.text == open) - i32::from(token.text == close);
        if depth == 0 {
            return nth + 1;
        }
    }
    tokens.len()
}

/// Names, `::` and single signs; comments, strings, characters and lifetimes left out.
fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let at = |nth: usize| chars.get(nth).copied().unwrap_or('\0');
    let (mut tokens, mut nth, mut line) = (Vec::new(), 0, 1);
    while nth < chars.len() {
        let begin = nth;
        match at(nth) {
            '/' if at(nth + 1) == '/' => nth += chars[nth..].iter().take_while(|&&char| char != '\n').count(),
            '/' if at(nth + 1) == '*' => nth = after_comment(&chars, nth),
            '"' => nth = after_string(&chars, nth),
            'r' | 'b' if raw_string(&chars[nth..]).is_some() => {
                let (prefix, hashes) = raw_string(&chars[nth..]).unwrap_or_default();
                nth = after_raw_string(&chars, nth + prefix + hashes, hashes);
            }
            '\'' if at(nth + 1) == '\\' || at(nth + 2) == '\'' => {
                nth += 2 + usize::from(at(nth + 1) == '\\');
                nth += chars[nth..].iter().take_while(|&&char| char != '\'').count() + 1;
            }
            '\'' => nth += 1 + chars[nth + 1..].iter().take_while(|char| char.is_alphanumeric()).count(),
            char if char.is_alphanumeric() || char == '_' => {
                nth += chars[nth..].iter().take_while(|&&char| char.is_alphanumeric() || char == '_').count();
                // The prefix of a byte string is no name, but does no harm as one.
                tokens.push(Token { line, text: chars[begin..nth].iter().collect() });
            }
            ':' if at(nth + 1) == ':' => {
                nth += 2;
                tokens.push(Token { line, text: "::".to_owned() });
            }
            char => {
                nth += 1;
                if !char.is_whitespace() {
                    tokens.push(Token { line, text: char.to_string() });
                }
            }
        }
        line += chars[begin..nth.min(chars.len())].iter().filter(|&&char| char == '\n').count();
    }
    tokens
}

/// Whether a raw string begins here: the length of its prefix, and the number of its hashes.
fn raw_string(chars: &[char]) -> Option<(usize, usize)> {
    let prefix = if chars.starts_with(&['b', 'r']) { 2 } else { 1 };
    let hashes = chars[prefix..].iter().take_while(|&&char| char == '#').count();
    (chars[prefix - 1] == 'r' && chars.get(prefix + hashes) == Some(&'"')).then_some((prefix, hashes))
}

fn after_comment(chars: &[char], from: usize) -> usize {
    let (mut depth, mut nth) = (0, from);
    while nth < chars.len() {
        match (chars[nth], chars.get(nth + 1)) {
            ('/', Some('*')) => (depth, nth) = (depth + 1, nth + 2),
            ('*', Some('/')) => (depth, nth) = (depth - 1, nth + 2),
            _ => nth += 1,
        }
        if depth == 0 {
            break;
        }
    }
    nth
}

fn after_string(chars: &[char], from: usize) -> usize {
    let mut nth = from + 1;
    while nth < chars.len() && chars[nth] != '"' {
        nth += 1 + usize::from(chars[nth] == '\\');
    }
    nth + 1
}

/// `from` is at the opening quote.
fn after_raw_string(chars: &[char], from: usize, hashes: usize) -> usize {
    let mut nth = from + 1;
    while nth < chars.len() {
        let closes =
            chars[nth] == '"' && chars[nth + 1..].iter().take(hashes).filter(|&&char| char == '#').count() == hashes;
        nth += 1;
        if closes {
            return nth + hashes;
        }
    }
    nth
}
