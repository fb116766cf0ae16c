//! The finished program, as its users run it.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use store::Location;
use tempfile::TempDir;

use crate::client::Client;
use crate::database::Database;

/// How long a program may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program with a data directory and a database of its own.
pub struct Program {
    binary: PathBuf,
    directory: TempDir,
    database: Database,
}

/// What a command said before it ended.
#[derive(Debug)]
pub struct Said {
    /// Whether it succeeded.
    pub succeeded: bool,
    /// What it wrote to standard output.
    pub out: String,
    /// What it wrote to standard error.
    pub err: String,
}

impl Program {
    /// The program at `binary`: `env!("CARGO_BIN_EXE_…")`.
    pub fn new(binary: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        Self { binary: binary.into(), directory, database: Database::fresh() }
    }

    /// Its data directory.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Its database, for a test that looks into it.
    pub fn location(&self) -> Location {
        match &self.database.location {
            Location::Sqlite(_) => Location::Sqlite(self.directory().join("wardroom.db")),
            shared => shared.clone(),
        }
    }

    /// A file in its data directory with this content.
    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.directory().join(name);
        std::fs::write(&path, content).expect("a file can be written");
        path
    }

    /// The program with these arguments, on its own data, with nothing from the environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WARDROOM_") || name == "RUST_LOG") {
            command.env_remove(name);
        }
        command.args(arguments).env("WARDROOM_DATA_DIR", self.directory()).stdin(Stdio::null());
        if let Location::Postgres(url) = &self.database.location {
            command.env("WARDROOM_DATABASE_URL", url);
        }
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Said {
        let output = self.command(arguments).output().expect("the program runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Said { succeeded: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Runs a command that has to succeed, and returns what it wrote to standard output.
    #[track_caller]
    pub fn output(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert!(said.succeeded, "{arguments:?} failed: {}", said.err);
        said.out
    }

    /// Starts the server on a free port, without rate limits, and waits until it listens.
    pub fn serve(&self, arguments: &[&str]) -> Running {
        let all = [&["serve", "--listen", "127.0.0.1:0", "--rate-limit", "off"], arguments].concat();
        Running::start(&mut self.command(&all))
    }
}

/// A server that runs as a process of its own; killed when dropped.
pub struct Running {
    process: Child,
    /// Its address: `http://127.0.0.1:PORT`.
    pub url: String,
    out: Receiver<String>,
    log: Arc<Mutex<String>>,
}

impl Running {
    /// Starts `command`, and waits until it says where it listens.
    pub fn start(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let (log, (say, out)) = (Arc::<Mutex<String>>::default(), mpsc::channel());
        for_each_line(process.stdout.take().expect("it is piped"), move |line| drop(say.send(line.to_owned())));
        let lines = Arc::clone(&log);
        for_each_line(process.stderr.take().expect("it is piped"), move |line| {
            let mut lines = lines.lock().expect("no one panics holding the log");
            lines.push_str(line);
            lines.push('\n');
        });
        let mut running = Self { process, url: String::new(), out, log };
        while running.url.is_empty() {
            let Ok(line) = running.out.recv_timeout(PATIENCE) else { panic!("it does not listen: {}", running.log()) };
            running.url.push_str(line.strip_prefix("listening on ").unwrap_or_default());
        }
        running
    }

    /// A client with this token, if any.
    pub fn client(&self, token: Option<&str>) -> Client {
        Client::new(&self.url, token)
    }

    /// The next line of its standard output after the one that says where it listens.
    pub fn next_line(&self) -> Option<String> {
        self.out.recv_timeout(PATIENCE).ok()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().expect("no one panics holding the log").clone()
    }

    /// Tells it to stop (SIGTERM).
    pub fn terminate(&self) {
        let pid = self.process.id().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status().expect("kill is there");
        assert!(told.success(), "it is gone already");
    }

    /// Waits for its end, which it has to come to within ten seconds of being told to.
    pub fn wait(&mut self) -> ExitStatus {
        for _ in 0..500 {
            if let Some(status) = self.process.try_wait().expect("it can be waited for") {
                return status;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("it does not stop");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if thread::panicking() {
            eprintln!("the server's log:\n{}", self.log());
        }
    }
}

fn for_each_line(pipe: impl Read + Send + 'static, mut take: impl FnMut(&str) + Send + 'static) {
    thread::spawn(move || BufReader::new(pipe).lines().map_while(Result::ok).for_each(|line| take(&line)));
}
