//! One `virsh` process that is told one command after the other, as a person would.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// Before what it reads, which it writes too.
const PROMPT: &str = "virsh # ";

/// A `virsh` that stays connected.
pub struct Virsh {
    /// What `uri` answers: here it says that the command before is done.
    uri: String,
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Virsh {
    /// Connects.
    pub fn start(uri: &str) -> Self {
        // Into a pipe it would keep its answers back until there are many.
        let mut child = Command::new("stdbuf")
            .args(["-oL", "virsh", "--quiet", "--connect", uri])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut virsh = Self {
            uri: uri.to_owned(),
            stdin: child.stdin.take().unwrap(),
            stdout: BufReader::new(child.stdout.take().unwrap()),
            child,
        };
        virsh.run("version");
        virsh
    }

    /// Runs a command and waits until it is done; what it printed. Errors go to our own.
    pub fn run(&mut self, command: &str) -> String {
        writeln!(self.stdin, "{command}\nuri").unwrap();
        self.stdin.flush().unwrap();
        let mut printed = String::new();
        loop {
            let mut line = String::new();
            let length = self.stdout.read_line(&mut line).unwrap();
            assert!(length > 0, "virsh ended at: {command}");
            if line.trim_end() == self.uri {
                return printed;
            }
            if !line.starts_with(PROMPT) {
                printed.push_str(&line);
            }
        }
    }
}

impl Drop for Virsh {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
