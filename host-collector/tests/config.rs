//! `spandrel config` as a user runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn config(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spandrel"));
    command.env_clear().env("SPANDREL_RTT_CHANNEL", "2").current_dir(folder);
    // A system may need more than nothing to start a program.
    command.envs(std::env::vars_os().filter(|(name, _)| name == "SYSTEMROOT"));
    command.args(["config", "--config", "c.toml"]).args(arguments).output().unwrap()
}

fn folder(name: &str, text: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("c.toml"), text).unwrap();
    folder
}

#[test]
fn what_holds_is_shown_with_where_it_comes_from() {
    let folder = folder("config-shown", "[receive]\ntcp = false\n");
    let output = config(&folder, &["--raw-ticks"]);
    assert!(output.status.success(), "{output:?}");
    let shown = String::from_utf8(output.stdout).unwrap();
    for line in [
        "tcp = false  # c.toml:2",
        "channel = 2  # SPANDREL_RTT_CHANNEL",
        "raw-ticks = true  # --raw-ticks",
        "listen = \"127.0.0.1:7726\"  # default",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line} in\n{shown}");
    }
    // It says the same when it is read.
    std::fs::write(folder.join("c.toml"), &shown).unwrap();
    let again = String::from_utf8(config(&folder, &[]).stdout).unwrap();
    assert!(
        again.contains("tcp = false  # c.toml:") && again.contains("raw-ticks = true  # c.toml:")
    );
    let output = config(&folder, &["--check"]);
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
}

#[test]
fn a_mistake_is_told_and_nothing_runs() {
    let folder = folder("config-wrong", "[receive]\nlistn = '[::1]:0'\ntcp = 1\n");
    for command in [&["--check"][..], &[]] {
        let output = config(&folder, command);
        assert_eq!((output.status.code(), output.stdout), (Some(2), Vec::new()));
        let said = String::from_utf8(output.stderr).unwrap();
        let expected = "error: c.toml:2: there is no key listn in [receive]: did you mean listen?\n\
                        error: c.toml:3: receive.tcp is a switch, true or false\n";
        assert_eq!(said, expected);
    }
}
