//! Where to look: the folders in which a file can be replaced.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How many links lead to each other at most, as the kernel has it.
const LINKS: usize = 40;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// Existing folders without links in their paths, so that none is named twice.
    pub(super) folders: BTreeSet<PathBuf>,
    /// The files in them, as the kernel will name them.
    pub(super) files: BTreeSet<PathBuf>,
}

impl Places {
    /// Those of files with absolute paths, whether or not they exist.
    pub(super) fn of<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Self {
        let mut places = Self::default();
        paths.into_iter().for_each(|path| places.add(path, LINKS));
        places
    }

    fn add(&mut self, path: &Path, links: usize) {
        self.look_at(path);
        // A link to it or to a folder above it may be made to lead elsewhere, and so may where that leads.
        for link in path.ancestors() {
            if let (Ok(target), Some(parent)) = (link.read_link(), link.parent())
                && links > 0
            {
                self.look_at(link);
                self.add(&parent.join(target), links - 1);
            }
        }
    }

    /// Its folder; of one that does not exist the nearest above it, in which it would be made.
    fn look_at(&mut self, path: &Path) {
        let folder = path.ancestors().skip(1).find_map(|folder| folder.canonicalize().ok());
        if let (Some(folder), Some(name)) = (folder, path.file_name()) {
            self.files.insert(folder.join(name));
            self.folders.insert(folder);
        }
        if let Ok(file) = path.canonicalize()
            && let Some(folder) = file.parent()
        {
            self.folders.insert(folder.into());
            self.files.insert(file);
        }
    }
}
