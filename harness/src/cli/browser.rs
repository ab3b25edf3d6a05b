//! A browser without a window, for screenshots of pages.

use std::path::Path;
use std::process::{Command, Output};

use super::output::note;
use crate::base::error::{Error, Result};

/// The names that it goes by.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// What a page is looked at as: the end of the file's name, the theme and the width.
const VIEWS: [(&str, &str, u32); 3] =
    [("light", "light", 1280), ("dark", "dark", 1280), ("phone", "light", 500)];
/// A window lower than any page, in which a page tells how high it is itself.
const LOW: u32 = 400;
/// How high a page that does not tell is taken to be, and how high one is drawn at the most.
const HEIGHT: u32 = 9000;
const MOST_HEIGHT: u32 = 60_000;

/// A browser that is here.
pub(super) struct Browser {
    name: &'static str,
}

impl Browser {
    /// The first that answers.
    pub(super) fn find() -> Result<Self> {
        let is_here = |name: &&str| {
            let ran = Command::new(name).arg("--version").output();
            ran.is_ok_and(|ran| ran.status.success())
        };
        let name = NAMES.into_iter().find(is_here).ok_or_else(|| {
            Error::usage("no browser to take screenshots with")
                .with_help(format!("install one of {}", NAMES.join(", ")))
        })?;
        Ok(Self { name })
    }

    /// Takes a page's screenshots into a folder, named after the page: light, dark and as wide as a phone.
    pub(super) fn screenshots(
        &self,
        page: &Path,
        folder: &Path,
    ) -> Result<Vec<std::path::PathBuf>> {
        let read = |source| Error::io("read", page, source);
        let page = page.canonicalize().map_err(read)?;
        std::fs::create_dir_all(folder).map_err(|source| Error::io("create", folder, source))?;
        let folder = folder.canonicalize().map_err(|source| Error::io("read", folder, source))?;
        let stem = page.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut taken = Vec::new();
        for (view, theme, width) in VIEWS {
            let path = folder.join(format!("{stem}-{view}.png"));
            // What was there must not pass for what is taken.
            let _ = std::fs::remove_file(&path);
            let address = format!("file://{}?picture&theme={theme}", page.display());
            let document = self.open(&address, width, LOW, "--dump-dom")?;
            let high = height(&String::from_utf8_lossy(&document.stdout));
            let height = high.min(MOST_HEIGHT);
            if height < high {
                note(&format!("note: {} shows {height} of {high} pixels", path.display()));
            }
            let picture = format!("--screenshot={}", path.display());
            let ran = self.open(&address, width, height, &picture)?;
            if !path.exists() {
                let said = String::from_utf8_lossy(&ran.stderr);
                let last = said.lines().last().unwrap_or("it says nothing");
                return Err(Error::usage(format!("{} took no screenshot: {last}", self.name)));
            }
            taken.push(path);
        }
        Ok(taken)
    }

    /// Opens a page in a window of this size, to do one thing with it.
    fn open(&self, address: &str, width: u32, height: u32, what: &str) -> Result<Output> {
        let profile = tempfile::tempdir()
            .map_err(|source| Error::io("create", Path::new("profile"), source))?;
        Command::new(self.name)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update"])
            .args(["--disable-sync", "--hide-scrollbars", "--force-device-scale-factor=1"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("--window-size={width},{height}"))
            .args([what, address])
            .output()
            .map_err(|source| Error::io("run", Path::new(self.name), source))
    }
}

/// How high a page says it is.
fn height(document: &str) -> u32 {
    let said = document.split("data-height=\"").nth(1).and_then(|rest| rest.split('"').next());
    said.and_then(|said| said.parse().ok()).unwrap_or(HEIGHT)
}
