//! `spandrel store` and `spandrel import` as a user runs them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A trace of the service, in Jaeger's JSON.
fn trace(id: u8, service: &str) -> String {
    format!(
        r#"{{"traceID":"{id}","spans":[{{"traceID":"{id}","spanID":"1","operationName":"read",
            "references":[],"startTime":1700000000000000,"duration":5,"logs":[],"processID":"p1",
            "tags":[{{"key":"user","type":"string","value":"somebody"}}]}}],
            "processes":{{"p1":{{"serviceName":"{service}","tags":[]}}}}}}"#
    )
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// What it exits with and prints.
fn spandrel(folder: &Path, line: &str) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spandrel"));
    command.arg("--no-config").args(line.split(' ')).current_dir(folder).stdin(Stdio::null());
    let output = command.output().unwrap();
    let all = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(all).unwrap())
}

/// What it prints that exits well.
fn done(folder: &Path, line: &str) -> String {
    let (code, said) = spandrel(folder, line);
    assert_eq!(code, Some(0), "{line}: {said}");
    said
}

#[test]
fn files_are_imported_and_the_store_is_looked_at_copied_and_emptied() {
    let folder = folder("manage");
    fs::write(folder.join("a.json"), trace(1, "web")).unwrap();
    fs::write(folder.join("b.json"), trace(2, "sensor")).unwrap();
    let run = |line: &str| spandrel(&folder, line);
    let done = |line: &str| done(&folder, line);
    let said = done("import a.json b.json --store s --drop service=sensor --keep-days 0");
    assert!(said.contains("1 spans were kept"), "{said}");
    // Another run adds to it.
    assert!(done("import b.json --store s --keep-days 0").contains("1 spans were kept"));
    assert!(
        done("store check --store s").contains("2 spans in"),
        "{}",
        done("store check --store s")
    );
    done("store compact --store s --keep-days 0");
    let info = done("store info --store s");
    assert!(info.contains("with 2 spans") && info.contains("sensor, web"), "{info}");
    done("store backup copy --store s");
    assert!(done("store check --store copy").contains("nothing is damaged"));
    // Nobody says yes.
    let (code, said) = run("store clear --store s");
    assert!(code == Some(1) && said.contains("nothing was removed"), "{said}");
    assert!(done("store clear --store s --yes").contains("bytes were removed"));
    assert!(done("store check --store s").contains("0 spans in 0 files"));
    assert!(done("store info --store copy").contains("with 2 spans"));
}

#[test]
fn what_is_damaged_is_said_and_is_a_failure() {
    let folder = folder("manage-damaged");
    fs::write(folder.join("a.json"), trace(1, "web")).unwrap();
    let (code, said) = spandrel(&folder, "import a.json --store s --keep-days 0");
    assert_eq!(code, Some(0), "{said}");
    spandrel(&folder, "store compact --store s --keep-days 0");
    for file in fs::read_dir(folder.join("s")).unwrap() {
        let path = file.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        if let Some(byte) = bytes.get_mut(20) {
            *byte ^= 0xff;
        }
        fs::write(path, bytes).unwrap();
    }
    let (code, said) = spandrel(&folder, "store check --store s");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the rest can be read"), "{said}");
}

#[test]
fn what_cannot_be_is_said() {
    let folder = folder("manage-wrong");
    let (code, said) = spandrel(&folder, "store info --store nowhere");
    assert!(code == Some(1) && said.contains("nowhere"), "{said}");
    let (code, said) = spandrel(&folder, "import nothing.json --store s");
    assert!(code == Some(1) && said.contains("cannot read nothing.json"), "{said}");
    let (code, said) = spandrel(&folder, "import nothing.json --memory");
    assert!(code == Some(1) && said.contains("leave it out"), "{said}");
}

#[test]
fn a_trace_is_deleted_and_comes_back_by_an_import() {
    let folder = folder("manage-delete");
    fs::write(folder.join("a.json"), trace(1, "web")).unwrap();
    fs::write(folder.join("b.json"), trace(2, "sensor")).unwrap();
    let run = |line: &str| spandrel(&folder, line);
    let done = |line: &str| done(&folder, line);
    done("import a.json b.json --store s --keep-days 0");
    done("import a.json --store s/archive --keep-days 0");
    done("store delete 1 --store s");
    for store in ["s", "s/archive"] {
        let (code, said) = run(&format!("show 1 --store {store}"));
        assert_eq!(code, Some(1), "{said}");
    }
    assert!(done("show 2 --store s").contains("sensor"));
    let (code, said) = run("store delete 1 2 --store s");
    assert!(code == Some(1) && said.contains("1: there is no such trace"), "{said}");
    assert!(said.contains("2: deleted"), "{said}");
    let (code, said) = run("store delete x --store s");
    assert!(code == Some(2) && said.contains("hexadecimal"), "{said}");
    done("store compact --store s --keep-days 0");
    let bytes = fs::read_dir(folder.join("s"))
        .unwrap()
        .filter_map(|file| fs::read(file.unwrap().path()).ok());
    let has = |bytes: Vec<u8>| bytes.windows(8).any(|part| part == b"somebody");
    assert!(!bytes.into_iter().any(has), "it is erased");
    done("import a.json --store s --keep-days 0");
    assert!(done("show 1 --store s").contains("web"));
}
