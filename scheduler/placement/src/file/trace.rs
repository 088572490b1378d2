//! A trace: what comes to a fleet, and goes, one arrival a line.

use super::{FileError, Loaded, Mistake, check::time};
use crate::simulate::Arrival;

/// Columns of lines without a header.
const PLAIN: [Column; 3] = [Column::Start, Column::End, Column::Plan];

/// Whether decisions may know when something goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ends {
    /// As in life.
    #[default]
    Unknown,
    /// As if everybody had told.
    Known,
}

/// A trace that was read.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// In the order of time.
    pub arrivals: Vec<Arrival>,
    /// By arrival: its line, the first being 1.
    pub lines: Vec<usize>,
    /// By arrival: the position of its plan in `Loaded::plans`.
    pub plans: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Start,
    End,
    Plan,
    Tenant,
    Group,
    Priority,
}

impl Column {
    const ALL: [(&str, Self); 6] = [
        ("start", Self::Start),
        ("end", Self::End),
        ("plan", Self::Plan),
        ("tenant", Self::Tenant),
        ("group", Self::Group),
        ("priority", Self::Priority),
    ];

    fn named(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|(known, _)| *known == name);
        found.map(|(_, column)| column).ok_or_else(|| {
            format!("there is no column {name:?}; there are start, end, plan, tenant, group and priority")
        })
    }
}

impl Loaded {
    /// Reads a trace whose plans and groups are this fleet's. What names no tenant is a tenant of its own.
    ///
    /// # Errors
    ///
    /// With every line that can't be read.
    pub fn trace(&mut self, text: &str, ends: Ends) -> Result<Trace, FileError> {
        let lines = text.lines().enumerate();
        let mut lines = lines
            .map(|(index, line)| (index + 1, line.trim()))
            .filter(|(_, line)| !line.is_empty())
            .peekable();
        let mut columns = PLAIN.to_vec();
        if let Some((number, line)) = lines.next_if(|(_, line)| is_header(line)) {
            columns = header(line).map_err(|why| FileError::at(place(number), why))?;
        }
        let (mut trace, mut mistakes) = (Trace::default(), Vec::new());
        let mut latest = i64::MIN;
        for (number, line) in lines {
            let read = self.arrival(line, &columns, ends);
            let read = read.and_then(|(arrival, plan)| match arrival.at < latest {
                true => Err("it starts earlier than the one before".to_owned()),
                false => Ok((arrival, plan)),
            });
            match read {
                Ok((arrival, plan)) => {
                    latest = arrival.at;
                    trace.arrivals.push(arrival);
                    trace.lines.push(number);
                    trace.plans.push(plan);
                }
                Err(why) => mistakes.push(Mistake {
                    at: place(number),
                    why,
                }),
            }
        }
        match mistakes.is_empty() {
            true => Ok(trace),
            false => Err(FileError::Mistakes(mistakes)),
        }
    }

    /// With the position of its plan.
    fn arrival(
        &mut self,
        line: &str,
        columns: &[Column],
        ends: Ends,
    ) -> Result<(Arrival, usize), String> {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        if fields.len() != columns.len() {
            let (found, wanted) = (fields.len(), columns.len());
            return Err(format!("it has {found} columns instead of {wanted}"));
        }
        let field = |wanted: Column| {
            let at = columns.iter().position(|column| *column == wanted);
            at.map(|at| fields[at]).filter(|field| !field.is_empty())
        };
        let at = moment("start", field(Column::Start).unwrap_or(""))?;
        let until = field(Column::End);
        let until = until.map(|until| moment("end", until)).transpose()?;
        if until.is_some_and(|until| until < at) {
            return Err("it ends before it starts".to_owned());
        }
        let plan = field(Column::Plan).unwrap_or("");
        let index = self.plan_index(plan);
        let index = index.ok_or_else(|| format!("there is no plan {plan:?}"))?;
        let mut ask = self.plans[index].1;
        if let Some(group) = field(Column::Group) {
            let known = self.group(group);
            ask = ask.of(known.map_err(|_| format!("there is no group {group:?}"))?);
        }
        if let Some(priority) = field(Column::Priority) {
            let read = priority.parse();
            ask.priority = read.map_err(|_| format!("the priority {priority:?} isn't 0 to 255"))?;
        }
        ask.tenant = self.tenant(field(Column::Tenant));
        ask.until = until.filter(|_| ends == Ends::Known);
        Ok((Arrival { at, until, ask }, index))
    }
}

fn place(number: usize) -> String {
    format!("line {number} of the trace")
}

/// The first line, unless it begins with a time.
fn is_header(line: &str) -> bool {
    let first = line.split(',').next().unwrap_or("").trim();
    Column::named(first).is_ok()
}

fn header(line: &str) -> Result<Vec<Column>, String> {
    let mut columns = Vec::new();
    for name in line.split(',').map(str::trim) {
        let column = Column::named(name)?;
        if columns.contains(&column) {
            return Err(format!("the column {name} is there twice"));
        }
        columns.push(column);
    }
    match columns.contains(&Column::Start) && columns.contains(&Column::Plan) {
        true => Ok(columns),
        false => Err("the columns start and plan have to be there".to_owned()),
    }
}

fn moment(what: &str, text: &str) -> Result<i64, String> {
    let read: i64 = text
        .parse()
        .map_err(|_| format!("its {what} {text:?} isn't a whole number"))?;
    time(what, read)?;
    Ok(read)
}
