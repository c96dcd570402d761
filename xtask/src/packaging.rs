//! What lies beside the binary, and whether the container and the service that it is meant for can be.

use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use spandrel_tests::proc::Proc;
use spandrel_tests::workspace;

/// Shells, and what a file with completions is called for each.
const COMPLETIONS: [(&str, &str); 5] = [
    ("bash", "spandrel.bash"),
    ("zsh", "_spandrel"),
    ("fish", "spandrel.fish"),
    ("elvish", "spandrel.elv"),
    ("powershell", "_spandrel.ps1"),
];

const START_LIMIT: Duration = Duration::from_secs(20);

/// Whether the binary was started with nothing around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alone {
    /// It was, and ended well.
    Started,
    /// The system does not let this user try.
    NotTried,
}

/// Writes the manual and the completions into folders beside the binary.
pub(crate) fn write_beside(binary: &Path) -> Result<()> {
    let folder = binary.parent().context("the binary is in no folder")?;
    let said = |arguments: &[&str]| {
        let output = Command::new(binary).arg("--no-config").args(arguments).output()?;
        ensure!(output.status.success(), "spandrel {} failed", arguments.join(" "));
        Ok(output.stdout)
    };
    let (pages, completions) = (folder.join("man"), folder.join("completions"));
    // A page of a command that is no more would stay.
    let _ = fs::remove_dir_all(&pages);
    let pages = pages.to_str().context("the folder has a name that is no text")?;
    said(&["man", "--into", pages])?;
    fs::create_dir_all(&completions)?;
    for (shell, file) in COMPLETIONS {
        fs::write(completions.join(file), said(&["completions", shell])?)?;
    }
    Ok(())
}

/// What a Containerfile says, as far as ours says anything.
#[derive(Debug, Default)]
struct Container {
    /// Files and folders of the project, and where they are in the container.
    copies: Vec<(PathBuf, String)>,
    /// Variables.
    envs: Vec<(String, String)>,
    /// The program and what it is given.
    line: Vec<String>,
}

impl Container {
    fn read() -> Result<Self> {
        let path = workspace::root().join("host-collector/packaging/Containerfile");
        let text = fs::read_to_string(&path);
        Self::parse(&text.with_context(|| format!("cannot read {}", path.display()))?)
    }

    fn parse(text: &str) -> Result<Self> {
        let mut container = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("COPY") => {
                    let words: Vec<_> = words.filter(|word| !word.starts_with("--")).collect();
                    let [from, to] = words[..] else { anyhow::bail!("not one file: {line}") };
                    container.copies.push((from.into(), to.to_owned()));
                }
                Some("ENV") => {
                    let pair = words.next().and_then(|pair| pair.split_once('='));
                    let (name, value) = pair.with_context(|| format!("no variable: {line}"))?;
                    container.envs.push((name.to_owned(), value.to_owned()));
                }
                Some("ENTRYPOINT" | "CMD") => {
                    let json = line.split_once(' ').unwrap_or_default().1;
                    container.line.extend(serde_json::from_str::<Vec<String>>(json)?);
                }
                _ => {}
            }
        }
        Ok(container)
    }
}

/// Starts the binary as its container would, in a folder with nothing but what that copies.
pub(crate) fn start_alone(binary: &Path) -> Result<Alone> {
    let container = Container::read()?;
    let root = workspace::target_dir().join("dist/root");
    let _ = fs::remove_dir_all(&root);
    for (from, to) in &container.copies {
        let to = root.join(to.trim_start_matches('/'));
        if from.ends_with("dist/spandrel") {
            fs::create_dir_all(to.parent().unwrap_or(&root))?;
            fs::copy(binary, to)?;
        } else {
            copy(&workspace::root().join(from), &to)?;
        }
    }
    let enter = ["--map-root-user", "chroot"];
    let may_enter = Command::new("unshare").args(enter).args(["/", "true"]).output();
    if !may_enter.is_ok_and(|output| output.status.success()) {
        return Ok(Alone::NotTried);
    }
    let mut command = Command::new("unshare");
    command.args(enter).arg(&root).args(&container.line);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.envs(container.envs);
    // Ports that are free here: in the container all are.
    command
        .envs([("SPANDREL_RECEIVE_LISTEN", "127.0.0.1:0"), ("SPANDREL_DOORS_HTTP", "127.0.0.1:0")]);
    let mut collector = Proc::spawn("spandrel", &mut command)?;
    // What comes before its doors are open, the store and the key of cookies too, has gone well then.
    collector.wait_for_line("door http is open at 127.0.0.1:", START_LIMIT)?;
    collector.interrupt()?;
    let status = collector.wait_for_exit(START_LIMIT)?;
    ensure!(status.success(), collector.tell(&format!("ended with {status}")));
    let store = root.join("var/lib/spandrel/store");
    ensure!(store.is_dir(), "the store is not in the volume");
    Ok(Alone::Started)
}

/// Copies a folder with all that is in it, or a file.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if from.is_file() {
        fs::copy(from, to)?;
        return Ok(());
    }
    fs::create_dir_all(to)?;
    let entries = fs::read_dir(from).with_context(|| format!("no {}", from.display()))?;
    for entry in entries {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::SYSTEMD;
    use spandrel_tests::skip::skip;
    use spandrel_tests::workspace::find_program;

    /// What `systemd-analyze security` may find, in tenths: the network is what the service is for.
    const MOST_EXPOSED: &str = "--threshold=15";

    #[test]
    fn what_the_container_copies_is_there_or_made_by_dist() {
        let container = Container::read().unwrap();
        assert_eq!(container.line, ["/usr/local/bin/spandrel", "serve"]);
        for (from, to) in &container.copies {
            assert!(to.starts_with('/'), "{to}");
            let is_made = from == Path::new("target/dist/spandrel");
            assert!(is_made || workspace::root().join(from).exists(), "{}", from.display());
        }
        assert!(container.envs.contains(&("XDG_DATA_HOME".into(), "/var/lib".into())));
    }

    #[test]
    fn a_copy_of_many_is_not_understood() {
        assert!(Container::parse("COPY a b /c").is_err());
        assert!(Container::parse("ENV A").is_err());
    }

    /// The unit with a program that is there, since `verify` looks for it.
    fn unit() -> PathBuf {
        let unit = workspace::root().join("host-collector/packaging/spandrel.service");
        let unit = fs::read_to_string(unit).unwrap();
        let program = "/usr/local/bin/spandrel ";
        assert!(unit.contains(program));
        let folder = workspace::target_dir().join("tmp/packaging");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("spandrel.service");
        fs::write(&path, unit.replace(program, "/bin/true ")).unwrap();
        path
    }

    #[test]
    fn systemd_finds_nothing_wrong_with_the_service() {
        if find_program(SYSTEMD.program).is_none() {
            return skip("systemd-analyze is missing: cargo xtask setup");
        }
        let unit = unit();
        let run = |arguments: &[&str]| {
            let output = Command::new(SYSTEMD.program).args(arguments).arg(&unit).output().unwrap();
            let said = [output.stdout, output.stderr].concat();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
            String::from_utf8_lossy(&said).into_owned()
        };
        assert_eq!(run(&["verify", "--man=no"]), "");
        let judged = run(&["security", "--offline=true", MOST_EXPOSED]);
        assert!(judged.contains("Overall exposure level"), "{judged}");
    }
}
