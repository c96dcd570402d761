//! The three services, each on a board in QEMU or as a process of this host.

use core::fmt;
use core::time::Duration;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::build::cargo_build;
use crate::proc::{Proc, free_udp_port};
use crate::{qemu, workspace};

/// From the start of a service to its line `ready`.
const BOOT_LIMIT: Duration = Duration::from_secs(30);
/// From the start of hello-world to its end, with its spans flushed.
const HELLO_LIMIT: Duration = Duration::from_secs(60);

/// What the services run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Three boards of the kind mps2-an386 (Cortex-M4), in QEMU.
    Qemu,
    /// Three processes.
    Native,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Qemu => "boards in QEMU",
            Self::Native => "processes of this host",
        })
    }
}

/// The built programs of the three services.
#[derive(Debug, Clone)]
pub struct Programs {
    platform: Platform,
    hello_world: PathBuf,
    formatter: PathBuf,
    publisher: PathBuf,
}

impl Programs {
    /// Builds the services for `platform`.
    ///
    /// # Errors
    /// If a build fails.
    pub fn build(platform: Platform, say: &mut dyn FnMut(&str)) -> Result<Self> {
        let root = workspace::root();
        let built = match platform {
            Platform::Qemu => {
                let dir = root.join("examples/boards/mps2-an386");
                cargo_build("the firmware of three boards", &dir, &["--release"], say)?
            }
            Platform::Native => {
                let arguments = ["--release", "--package", "hello-native"];
                cargo_build("the three services", root, &arguments, say)?
            }
        };
        Ok(Self {
            platform,
            hello_world: built.get("hello-world")?.to_owned(),
            formatter: built.get("formatter")?.to_owned(),
            publisher: built.get("publisher")?.to_owned(),
        })
    }
}

/// The two services that answer, running.
#[derive(Debug)]
pub struct Services {
    programs: Programs,
    collector_port: u16,
    formatter: Server,
    publisher: Server,
}

#[derive(Debug)]
struct Server {
    proc: Proc,
    port: u16,
}

impl Services {
    /// Boots formatter and publisher, both sending to the collector on `collector_port`, and waits
    /// until they serve.
    ///
    /// # Errors
    /// If one does not get ready; the message says which, shows its last lines and what to try.
    pub fn start(
        programs: Programs,
        collector_port: u16,
        say: &mut dyn FnMut(&str),
    ) -> Result<Self> {
        say(&format!("booting formatter and publisher as {}", programs.platform));
        let platform = programs.platform;
        let boot = |name, program, device| {
            let port = free_udp_port();
            let mut command = platform.command(program, Some(port), device, collector_port, &[]);
            anyhow::Ok(Server { proc: Proc::spawn(name, &mut command)?, port })
        };
        let formatter = boot("formatter", &programs.formatter, 2)?;
        let publisher = boot("publisher", &programs.publisher, 3)?;
        let mut services = Self { programs, collector_port, formatter, publisher };
        for server in [&mut services.formatter, &mut services.publisher] {
            let ready = server.proc.wait_for_line("^ready", BOOT_LIMIT);
            let line = ready.with_context(|| hint(platform, server.proc.name()))?;
            say(&format!("{}: {line}", server.proc.name()));
        }
        Ok(services)
    }

    /// Boots hello-world to greet `name`, waits until it ends, and returns what it printed.
    ///
    /// # Errors
    /// If it does not end with code 0 in time; the message as for [`Services::start`].
    pub fn say_hello(&mut self, name: &str, say: &mut dyn FnMut(&str)) -> Result<Vec<String>> {
        let platform = self.programs.platform;
        say(&format!("booting hello-world to greet {name}"));
        let arguments = [
            format!("formatter={}", platform.address(self.formatter.port)),
            format!("publisher={}", platform.address(self.publisher.port)),
            format!("name={name}"),
        ];
        let mut command =
            platform.command(&self.programs.hello_world, None, 1, self.collector_port, &arguments);
        let mut proc = Proc::spawn("hello-world", &mut command)?;
        let status =
            proc.wait_for_exit(HELLO_LIMIT).with_context(|| hint(platform, proc.name()))?;
        ensure!(
            status.success(),
            "{}: {}",
            hint(platform, proc.name()),
            proc.tell(&format!("must end with code 0; it did with {status}"))
        );
        Ok(proc.lines())
    }

    /// Fails when one of the two services has ended, which it never does by itself.
    ///
    /// # Errors
    /// Then; the message as for [`Services::start`].
    pub fn check(&mut self) -> Result<()> {
        for server in [&mut self.formatter, &mut self.publisher] {
            ensure!(
                server.proc.is_running(),
                "{}: {}",
                hint(self.programs.platform, server.proc.name()),
                server.proc.tell("ended by itself")
            );
        }
        Ok(())
    }

    /// What the two services said last.
    #[must_use]
    pub fn tell(&self) -> String {
        [&self.formatter, &self.publisher].map(|server| server.proc.tell("serves")).join("\n")
    }
}

impl Platform {
    /// The address under which a service reaches a port of this host's 127.0.0.1.
    fn address(self, port: u16) -> String {
        match self {
            Self::Qemu => format!("10.0.2.2:{port}"),
            Self::Native => format!("127.0.0.1:{port}"),
        }
    }

    /// The command that runs `program`, serving on `listen` of this host if it serves.
    fn command(
        self,
        program: &Path,
        listen: Option<u16>,
        device: u8,
        collector_port: u16,
        arguments: &[String],
    ) -> Command {
        let mut all =
            vec![format!("collector={}", self.address(collector_port)), format!("device={device}")];
        all.extend_from_slice(arguments);
        match self {
            Self::Native => {
                all.extend(listen.map(|port| format!("listen=127.0.0.1:{port}")));
                let mut command = Command::new(program);
                command.args(all);
                command
            }
            Self::Qemu => {
                let mut nic = "user,model=lan9118".to_owned();
                if let Some(port) = listen {
                    nic.push_str(&format!(",hostfwd=udp:127.0.0.1:{port}-10.0.2.15:9000"));
                }
                qemu::board(program, &["-nic", &nic, "-serial", "none"], all)
            }
        }
    }
}

/// Which service failed, and what to try.
fn hint(platform: Platform, service: &str) -> String {
    match platform {
        Platform::Qemu => format!(
            "the board of {service} failed (code 101 is a panic, 102 a hard fault); \
             `cargo xtask demo --native` shows whether the service or its board is at fault"
        ),
        Platform::Native => format!("the process of {service} failed; its lines below say why"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(platform: Platform, listen: Option<u16>, arguments: &[String]) -> Vec<String> {
        let command = platform.command(Path::new("program"), listen, 2, 7726, arguments);
        command.get_args().map(|word| word.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_board_gets_its_port_and_arguments_through_qemu() {
        let words = words(Platform::Qemu, Some(9001), &["name=a,b".to_owned()]);
        let nic = "user,model=lan9118,hostfwd=udp:127.0.0.1:9001-10.0.2.15:9000";
        assert!(words.iter().any(|word| word == nic), "{words:?}");
        let arguments = "arg=firmware,arg=collector=10.0.2.2:7726,arg=device=2,arg=name=a,,b";
        assert!(words.iter().any(|word| word.ends_with(arguments)), "{words:?}");
        assert_eq!(words.last().map(String::as_str), Some("program"));
    }

    #[test]
    fn a_process_gets_them_directly() {
        assert_eq!(
            words(Platform::Native, Some(9001), &[]),
            ["collector=127.0.0.1:7726", "device=2", "listen=127.0.0.1:9001"]
        );
        assert_eq!(words(Platform::Native, None, &[]).len(), 2);
    }
}
