//! Lines, and the sections that they are in.

use crate::file::FileError;

/// What is wrong, with the line.
pub(super) type Wrong = Vec<(usize, String)>;

/// A line with its number, the first being 1, and its columns.
pub(super) struct Line<'a> {
    pub(super) number: usize,
    pub(super) columns: Vec<&'a str>,
}

impl<'a> Line<'a> {
    fn new(number: usize, text: &'a str) -> Self {
        let columns = text.split('|').collect();
        Self { number, columns }
    }

    /// If it has so many columns.
    pub(super) fn has(&self, what: &str, least: usize, most: usize) -> Result<(), String> {
        let found = self.columns.len();
        if (least..=most).contains(&found) {
            return Ok(());
        }
        let wanted = match least == most {
            true => least.to_string(),
            false => format!("{least} to {most}"),
        };
        Err(format!("{what} has {wanted} columns, and this has {found}"))
    }

    pub(super) fn number_at(&self, column: usize, what: &str) -> Result<i64, String> {
        let text = self.columns.get(column).copied().unwrap_or("");
        text.parse()
            .map_err(|_| format!("{what} {text:?} is not a whole number"))
    }

    pub(super) fn amount_at(&self, column: usize, what: &str) -> Result<i64, String> {
        match self.number_at(column, what)? {
            amount @ 0.. => Ok(amount),
            amount => Err(format!("{what} {amount} is below zero")),
        }
    }
}

/// The five parts of a file.
pub(super) struct Sections<'a> {
    pub(super) groups: Vec<Line<'a>>,
    pub(super) nodes: Vec<Line<'a>>,
    pub(super) instances: Vec<Line<'a>>,
    tags: Vec<Line<'a>>,
    pub(super) policies: Vec<Line<'a>>,
}

impl<'a> Sections<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self, FileError> {
        if !text.lines().next().unwrap_or("").contains('|') {
            let why = "it is neither JSON, which begins with {, nor Ganeti's text format (hbal -S), \
                       whose first line is a group with its columns between |";
            return Err(FileError::at("the file", why));
        }
        let mut sections = vec![Vec::new()];
        for (index, line) in text.lines().enumerate() {
            if line.is_empty() {
                sections.push(Vec::new());
            } else if let Some(last) = sections.last_mut() {
                last.push(Line::new(index + 1, line));
            }
        }
        let found = sections.len();
        let mut sections = sections.into_iter();
        let mut next = || sections.next().unwrap_or_default();
        let read = Self {
            groups: next(),
            nodes: next(),
            instances: next(),
            tags: next(),
            policies: next(),
        };
        let expected = "there are groups, nodes, instances, tags and policies, with one empty line between them";
        if let Some(line) = sections.flatten().next() {
            return Err(FileError::line(
                line.number,
                format!("a sixth section begins here; {expected}"),
            ));
        }
        if found < 4 {
            let why = format!("it has {found} of Ganeti's sections; {expected}");
            return Err(FileError::at("the file", why));
        }
        if read.nodes.is_empty() {
            let why = format!("its second section has no nodes; {expected}");
            return Err(FileError::at("the file", why));
        }
        Ok(read)
    }

    /// What follows a prefix in the cluster's tags.
    pub(super) fn tagged(&self, prefix: &str) -> Vec<String> {
        let tags = self.tags.iter().map(|line| line.columns.join("|"));
        tags.filter_map(|tag| tag.strip_prefix(prefix).map(str::to_owned))
            .filter(|rest| !rest.is_empty())
            .collect()
    }
}
