//! The function index of the documentation (`chainer::functions::index`) as data, and what the sources make public. The tests here hold
//! the two together; the tables of the integration tests are held against the index.

use std::path::{Path, PathBuf};

/// The chapters of the index: folders of functions, and files of the index.
pub const CHAPTERS: [&str; 10] =
    ["activation", "array", "connection", "evaluation", "loss", "math", "noise", "normalization", "pooling", "utility"];

/// A row of a chapter.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The chapter.
    pub chapter: &'static str,
    /// The name of the function.
    pub function: String,
    /// The type that holds its settings.
    pub settings: Option<String>,
    /// Its name in Chainer.
    pub chainer: Option<String>,
    /// What it computes.
    pub text: String,
}

impl Entry {
    /// The name in errors. That of [`where_`](chainer::functions::where_()) is Chainer's.
    pub fn operation(&self) -> &str {
        self.function.trim_end_matches('_')
    }
}

/// All rows of all chapters, in order.
pub fn entries() -> Vec<Entry> {
    CHAPTERS.iter().flat_map(|chapter| rows(chapter).into_iter().map(|cells| entry(chapter, &cells))).collect()
}

fn entry(chapter: &'static str, cells: &[String]) -> Entry {
    let [function, settings, chainer, text] = cells else { panic!("{chapter}.md: four columns expected: {cells:?}") };
    let function = code(function).unwrap_or_else(|| panic!("{chapter}.md: no name in {function:?}"));
    Entry { chapter, function, settings: code(settings), chainer: code(chainer), text: text.clone() }
}

/// The cells of the rows of a table of the index, below its heading.
fn rows(file: &str) -> Vec<Vec<String>> {
    let text = read(&sources().join(format!("index/{file}.md")));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    text.lines().filter(|line| line.starts_with('|')).skip(2).map(cells).collect()
}

/// What stands first between backquotes.
fn code(cell: &str) -> Option<String> {
    cell.split('`').nth(1).map(str::to_owned)
}

/// The folder of the functions.
fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../chainer-core/src/functions")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The names that a module exports, without those that it exports to its crate only. A glob stands for the functions that a file
    /// defines; those of chapters are left out, they have modules of
    /// their own.
    fn exported(module: &Path) -> Vec<String> {
        let text = read(module);
        let mut names = Vec::new();
        for statement in text.split("\npub use ").skip(1) {
            let path: String = statement.split(';').next().unwrap_or_default().split_whitespace().collect();
            match path.rsplit_once("::") {
                Some((name, "*")) => {
                    let file = module.with_file_name(format!("{name}.rs"));
                    if file.is_file() {
                        names.extend(defined(&file));
                    } else if !CHAPTERS.contains(&name) {
                        names.extend(exported(&module.with_file_name(name).join("mod.rs")));
                    }
                }
                Some((_, name)) if !name.contains('}') => names.push(name.to_owned()),
                _ => {
                    let list = path.split_once('{').map_or("", |(_, list)| list.trim_end_matches('}'));
                    names.extend(list.split(',').filter(|name| !name.is_empty()).map(str::to_owned));
                }
            }
        }
        names
    }

    /// The functions that a file defines, those in the rows of its macros (`name => …`) included.
    fn defined(file: &Path) -> Vec<String> {
        let text = read(file);
        let row = |line: &str| {
            let name = line.strip_prefix("    ")?.split_once(" => ")?.0;
            name.starts_with(|c: char| c.is_ascii_lowercase()).then(|| name.to_owned())
        };
        let function = |line: &str| Some(line.strip_prefix("pub fn ")?.split(['(', '<']).next()?.to_owned());
        text.lines().filter_map(|line| function(line).or_else(|| row(line))).collect()
    }

    fn is_type(name: &str) -> bool {
        name.starts_with(|c: char| c.is_ascii_uppercase())
    }

    /// Fails unless `have` holds the names that are `wanted`, each once.
    fn assert_same(have: impl IntoIterator<Item = String>, wanted: impl IntoIterator<Item = String>, place: &str) {
        let mut have: Vec<String> = have.into_iter().collect();
        let mut missing: Vec<String> = wanted.into_iter().collect();
        missing.retain(|name| have.iter().position(|other| other == name).map(|i| have.swap_remove(i)).is_none());
        assert!(missing.is_empty() && have.is_empty(), "{place}: missing {missing:?}, unknown or twice there {have:?}");
    }

    #[test]
    fn the_index_has_every_public_function_and_its_settings_once() {
        let (mut indexed_types, mut types) = (Vec::new(), Vec::new());
        for chapter in CHAPTERS {
            let exported = exported(&sources().join(chapter).join("mod.rs"));
            let entries: Vec<Entry> = entries().into_iter().filter(|entry| entry.chapter == chapter).collect();
            let functions = exported.iter().filter(|name| !is_type(name)).cloned();
            assert_same(entries.iter().map(|entry| entry.function.clone()), functions, chapter);
            indexed_types.extend(entries.into_iter().filter_map(|entry| entry.settings));
            types.extend(exported.into_iter().filter(|name| is_type(name)));
        }
        types.extend(exported(&sources().join("mod.rs")).into_iter().filter(|name| is_type(name)));
        indexed_types.extend(rows("arguments").iter().filter_map(|cells| code(&cells[0])));
        assert_same(indexed_types, types, "settings and arguments");
        assert!(entries().len() > 180, "{}", entries().len());
    }

    #[test]
    fn the_index_has_every_function_of_chainer_once() {
        let list = include_str!("../data/chainer_functions.txt");
        let there: Vec<String> = entries().into_iter().filter_map(|entry| entry.chainer).collect();
        let known = list.lines().filter(|line| !line.starts_with('#'));
        assert_same(there, known.map(str::to_owned), "Chainer's names");
    }

    #[test]
    fn rows_are_short_and_in_order() {
        let mut seen = BTreeSet::new();
        for Entry { chapter, function, settings, text, .. } in entries() {
            let row = format!("{chapter}/{function}");
            assert!(!text.is_empty() && !text.ends_with('.'), "{row} is a clause: {text}");
            assert!(seen.last().is_none_or(|last| *last < row), "{row} comes before {seen:?}");
            // `max_pooling_2d` and `MaxPooling2D`.
            let same = |a: &str, b: &str| a.replace('_', "").eq_ignore_ascii_case(b);
            assert!(settings.is_none_or(|settings| same(&function, &settings)), "{row} has the settings of another");
            // Links are as long as names are.
            let shown: usize = text.split('[').map(|part| part.split("](").next().map_or(0, str::len)).sum();
            assert!(shown <= 100, "{row} says {shown} letters");
            seen.insert(row);
        }
    }
}
