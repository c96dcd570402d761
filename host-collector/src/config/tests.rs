//! All layers together.

use super::testing::{command, environment};
use super::*;
use std::ffi::OsString;
use std::path::PathBuf;

/// A file of a test, in a folder of its own.
fn file(name: &str, text: &str) -> PathBuf {
    let folder =
        std::env::temp_dir().join(format!("spandrel-config-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("config.toml");
    std::fs::write(&path, text).unwrap();
    path
}

fn forget(path: PathBuf) {
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

fn load_line(line: &str, variables: &[(&str, &str)]) -> Result<Loaded, Failure> {
    let words = format!("spandrel {line}").split(' ').map(OsString::from).collect();
    load(command(), words, &environment(variables))
}

/// What the command `serve` or another shows, without the file's folder.
fn shown(line: &str, variables: &[(&str, &str)], text: &str, name: &str) -> Result<String, String> {
    let path = file(name, text);
    let folder = format!("{}/", path.parent().unwrap().display());
    let result = load_line(&format!("--config {} {line}", path.display()), variables);
    forget(path);
    let result = match result {
        Ok(loaded) => Ok(loaded.effective.to_string()),
        Err(Failure::Problems(problems)) => {
            Err(problems.iter().map(|problem| format!("{problem}\n")).collect())
        }
        Err(Failure::Usage(error, notes)) => Err(format!("{error}\n{}", notes.join("\n"))),
    };
    result.map(|text: String| text.replace(&folder, "")).map_err(|text| text.replace(&folder, ""))
}

#[test]
fn the_heavier_layer_wins_and_each_value_tells_where_it_is_from() {
    let text = "[receive]\nlisten = '127.0.0.1:2'\nserial = ['a', 'b']\n[rtt]\nchannel = 2\ntcp = 'x'\n\
                [export]\notlp = 'http://me:secret@h'\nheaders = ['authorization: Bearer 1']\n";
    let variables = [
        ("SPANDREL_RTT_CHANNEL", "3"),
        ("SPANDREL_RECEIVE_LISTEN", "127.0.0.1:3"),
        ("SPANDREL_LOG_FORMAT", "json"),
    ];
    let line = "serve --listen 127.0.0.1:4 --serial c --rtt-jlink-channel 9";
    let expected = r#"[export]
# headers is set, and not shown  # config.toml:9
otlp = "http://me:***@h"  # config.toml:8

[log]
format = "json"  # SPANDREL_LOG_FORMAT

[receive]
listen = "127.0.0.1:4"  # --listen
serial = ["c"]  # --serial
tcp = true  # default

[rtt]
channel = 3  # SPANDREL_RTT_CHANNEL
jlink-channel = 9  # --rtt-jlink-channel
tcp = ["x"]  # config.toml:6

[store]
# folder = FOLDER is not set
"#;
    assert_eq!(shown(line, &variables, text, "heavier").unwrap(), expected);
}

#[test]
fn what_is_shown_is_a_file_that_says_the_same() {
    let text = "[receive]\ntcp = false\nlisten = '[::1]:9'\n[rtt]\ntcp = ['a:1', 'b:2']\njlink-channel = 4\n\
                [store]\nfolder = 'a \"b\"\\c'\n";
    let first = shown("serve", &[], text, "same").unwrap();
    let second = shown("serve", &[], &first, "same-again").unwrap();
    let without_origins = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split("  # ").next().unwrap().to_owned()).collect()
    };
    assert_eq!(without_origins(&first), without_origins(&second));
    assert!(first.contains(r#"folder = "a \"b\"\\c"  # config.toml:8"#), "{first}");
}

#[test]
fn a_switch_of_the_file_is_turned_off_by_the_option() {
    let text = "[receive]\ntcp = false\n";
    let tcp = |line, name| {
        let all = shown(line, &[], text, name).unwrap();
        all.lines().find(|line| line.starts_with("tcp = ")).unwrap().to_owned()
    };
    assert_eq!(tcp("serve", "file"), "tcp = false  # config.toml:2");
    assert_eq!(tcp("serve --no-tcp=false", "off"), "tcp = true  # --no-tcp");
    assert_eq!(tcp("serve --no-tcp=true", "on"), "tcp = false  # --no-tcp");
    assert_eq!(tcp("serve --no-tcp", "option"), "tcp = false  # --no-tcp");
}

#[test]
fn what_excludes_something_of_a_lighter_layer_takes_its_place() {
    let text = "[receive]\ntcp = false\n";
    let all = shown("serve --serial a", &[], text, "lighter").unwrap();
    assert!(all.contains("tcp = true  # default"), "{all}");
    let both = "[receive]\ntcp = false\nserial = 'a'\n";
    let error = shown("serve", &[], both, "both").unwrap_err();
    assert!(error.contains("cannot be used with"), "{error}");
    assert!(error.contains("\n--serial is receive.serial, set by config.toml:3"), "{error}");
    assert!(error.contains("\n--no-tcp is receive.tcp, set by config.toml:2"), "{error}");
}

#[test]
fn a_wrong_value_names_its_place_and_what_is_allowed() {
    let text = "[receive]\nlisten = 'here'\n[rtt]\nchannel = 256\n[log]\nformat = 'xml'\n\
                [export]\notlp = 1979-05-27\n";
    let variables = [("SPANDREL_RTT_JLINK_CHANNEL", "-1")];
    let expected = "config.toml:2: receive.listen cannot be here: invalid socket address syntax; it is ADDRESS:PORT\n\
         config.toml:4: rtt.channel cannot be 256: 256 is not in 0..=255\n\
         config.toml:6: log.format cannot be xml; it is text or json\n\
         config.toml:8: export.otlp is one text or number, such as URL\n\
         SPANDREL_RTT_JLINK_CHANNEL: rtt.jlink-channel cannot be -1: -1 is not in 0..=255\n";
    assert_eq!(shown("serve", &variables, text, "wrong").unwrap_err(), expected);
}

#[test]
fn a_command_has_the_keys_that_it_has_options_for() {
    let text = "[receive]\ntcp = false\n[store]\nfolder = '/s'\n";
    let all = shown("other", &[], text, "other").unwrap();
    assert_eq!(
        all,
        "[log]\nformat = \"text\"  # default\n\n[store]\nfolder = \"/s\"  # config.toml:4\n"
    );
    // Whatever is wrong is told all the same.
    let error = shown("other", &[], "[receive]\nlisten = 'x'\n", "other-wrong").unwrap_err();
    assert!(error.starts_with("config.toml:2: receive.listen"), "{error}");
}

#[test]
fn the_file_is_the_users_unless_told_otherwise() {
    let home = std::env::temp_dir().join(format!("spandrel-config-home-{}", std::process::id()));
    for folder in ["xdg/spandrel", ".config/spandrel", "AppData/spandrel"] {
        let folder = home.join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config.toml"), "[store]\nfolder = '/user'\n").unwrap();
    }
    let (app, at) = (home.join("AppData"), home.to_str().unwrap().to_owned());
    let variables = [("HOME", &*at), ("APPDATA", app.to_str().unwrap())];
    let folder = |line: &str, variables: &[(&str, &str)]| {
        let shown = load_line(line, variables).unwrap().effective.to_string();
        shown.lines().any(|line| line.starts_with("folder = \"/user\""))
    };
    assert!(folder("other", &variables) && !folder("other --no-config", &variables));
    assert!(!folder("other", &[("HOME", "/no/such/home")]));
    let own = file("own", "");
    let by_name = own.to_str().unwrap();
    assert!(!folder("other", &[&variables[..], &[("SPANDREL_CONFIG", by_name)]].concat()));
    // One that was asked for must be there.
    let error = load_line("other --config /no/such/file", &variables).unwrap_err();
    let Failure::Problems(problems) = error else { panic!("{error:?}") };
    assert!(problems[0].to_string().starts_with("--config: cannot read /no/such/file: "));
    let error = load_line("other", &[("SPANDREL_CONFIG", "/no/such/file")]).unwrap_err();
    let Failure::Problems(problems) = error else { panic!("{error:?}") };
    assert!(problems[0].to_string().starts_with("SPANDREL_CONFIG: cannot read /no/such/file: "));
    forget(own);
    std::fs::remove_dir_all(home).unwrap();
}

#[test]
fn mistakes_of_the_command_line_and_help_are_clap_s() {
    for (line, status) in
        [("serve --help", 0), ("serve --bogus", 2), ("serve --listen", 2), ("", 2)]
    {
        let failure = load_line(line, &[]).unwrap_err();
        assert_eq!(failure.status(), status, "{line}");
        assert!(matches!(failure, Failure::Usage(..)), "{line}");
    }
    // What it needs may be in another layer.
    load_line("serve --rtt-jlink-channel 1", &[]).unwrap_err();
    load_line("serve --rtt-jlink-channel 1", &[("SPANDREL_RTT_TCP", "a:1")]).unwrap();
    let warnings = load_line("serve", &[("SPANDREL_RRT_TCP", "a:1")]).unwrap().warnings;
    assert_eq!(warnings, ["SPANDREL_RRT_TCP in the environment is not known: SPANDREL_RTT_TCP is"]);
}
