//! Finding NVIDIA's libraries where installers and pip put them, without `LD_LIBRARY_PATH`.
//!
//! cudarc opens a library by its bare name and panics where there is none. A library that was opened by its full path before is
//! found by its name afterwards, so [`open`] looks in the folders that the system's loader does not know, and keeps it open.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};

/// Opens `lib<name>` for good, unless the system's loader finds it by itself. `Err` lists where it looked.
pub(super) fn open(name: &str) -> Result<(), String> {
    // What the user named comes before what the system has.
    let named = named_folders();
    if named.iter().any(|folder| open_in(folder, name)) || is_present() {
        return Ok(());
    }
    let others = usual_folders();
    if others.iter().any(|folder| open_in(folder, name)) && is_present() {
        return Ok(());
    }
    let folders = named.iter().chain(&others).map(|folder| folder.display().to_string());
    let searched: Vec<String> = std::iter::once("the system's loader".to_owned()).chain(folders).collect();
    Err(searched.join(", "))
}

fn is_present() -> bool {
    // SAFETY: opening a library runs its initialisers; NVIDIA's may be run at any time from any thread.
    unsafe { cudarc::nvrtc::sys::is_culib_present() }
}

fn open_in(folder: &Path, name: &str) -> bool {
    candidates(folder, name).iter().any(|path| {
        // SAFETY: as in `is_present`.
        match unsafe { libloading::Library::new(path) } {
            Ok(library) => {
                // Never closed: cudarc keeps pointers to its functions.
                std::mem::forget(library);
                true
            }
            Err(_) => false,
        }
    })
}

/// The files of a folder that are the library, newest version first: `libnvrtc.so`, `libnvrtc.so.12`, `nvrtc64_120_0.dll`, but not
/// its companions `libnvrtc-builtins.so` and `libnvrtc.alt.so`.
fn candidates(folder: &Path, name: &str) -> Vec<PathBuf> {
    let prefix = format!("{DLL_PREFIX}{name}");
    let is_library = |file: &str| {
        let Some(rest) = file.strip_prefix(&prefix) else { return false };
        rest.contains(DLL_SUFFIX) && !rest.starts_with('-') && !rest.contains("alt")
    };
    let mut files: Vec<PathBuf> = list(folder)
        .into_iter()
        .filter(|path| path.file_name().and_then(|file| file.to_str()).is_some_and(is_library))
        .collect();
    files.sort();
    files.reverse();
    files
}

/// The contents of a folder; nothing where it cannot be read.
fn list(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// The folders of `CHAINER_CUDA_PATH` and `CUDA_PATH`, themselves and where an installation keeps its libraries.
fn named_folders() -> Vec<PathBuf> {
    let roots = ["CHAINER_CUDA_PATH", "CUDA_PATH"].into_iter().filter_map(std::env::var_os);
    roots.map(PathBuf::from).filter(|root| root.is_dir()).flat_map(installation).collect()
}

fn installation(root: PathBuf) -> Vec<PathBuf> {
    let below = ["lib64", "lib", "bin", "lib/x64", "targets/x86_64-linux/lib", "targets/sbsa-linux/lib"];
    let mut folders: Vec<PathBuf> = below.iter().map(|folder| root.join(folder)).filter(|f| f.is_dir()).collect();
    folders.extend(wheels(&root));
    folders.push(root);
    folders
}

/// System folders that are not always in the loader's path, then Python's.
fn usual_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for root in ["/usr/local/cuda", "/opt/cuda", "/usr/lib/cuda"].map(PathBuf::from) {
        if root.is_dir() {
            folders.extend(installation(root));
        }
    }
    folders.extend(python_packages().iter().flat_map(|packages| wheels(packages)));
    folders
}

/// Where NVIDIA's wheels keep libraries below a `site-packages` folder: `nvidia/cuda_nvrtc/lib` (CUDA 12), `nvidia/cu13/lib`.
fn wheels(packages: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = list(&packages.join("nvidia"))
        .into_iter()
        .flat_map(|package| ["lib", "bin"].map(|below| package.join(below)))
        .filter(|folder| folder.is_dir())
        .collect();
    folders.sort();
    folders
}

/// The `site-packages` folders of the Pythons that are likely to have been meant, the active environment's first.
fn python_packages() -> Vec<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let mut roots: Vec<PathBuf> = ["VIRTUAL_ENV", "CONDA_PREFIX"].into_iter().filter_map(variable).collect();
    let home = variable("HOME").or_else(|| variable("USERPROFILE"));
    roots.extend(home.iter().map(|home| home.join(".local")));
    // A Python that is in the path: its libraries lie beside its `bin`.
    let path = std::env::var_os("PATH").unwrap_or_default();
    for folder in std::env::split_paths(&path) {
        if folder.join("python3").is_file() {
            roots.extend(folder.parent().map(Path::to_owned));
        }
    }
    for versions in variable("PYENV_ROOT").into_iter().chain(home.map(|home| home.join(".pyenv"))) {
        let mut versions = list(&versions.join("versions"));
        versions.sort();
        roots.extend(versions.into_iter().rev());
    }
    roots.extend(["/usr/local", "/usr"].map(PathBuf::from));

    let mut folders: Vec<PathBuf> = Vec::new();
    for root in roots {
        // lib/python3.11/site-packages; Debian says dist-packages; Windows has Lib/site-packages.
        let mut pythons = list(&root.join("lib"));
        pythons.retain(|p| p.file_name().and_then(|f| f.to_str()).is_some_and(|f| f.starts_with("python")));
        pythons.sort();
        pythons.push(root.join("Lib"));
        for packages in pythons.iter().flat_map(|p| ["site-packages", "dist-packages"].map(|f| p.join(f))) {
            if packages.is_dir() && !folders.contains(&packages) {
                folders.push(packages);
            }
        }
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn companions_of_the_library_are_not_taken_for_it() {
        let folder = std::env::temp_dir().join(format!("chainer-library-test-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for file in
            ["libnvrtc.so.12", "libnvrtc.alt.so.12", "libnvrtc-builtins.so.12.9", "libnvrtc.so.13", "libcublas.so"]
        {
            std::fs::write(folder.join(file), "").unwrap();
        }
        let found: Vec<_> = candidates(&folder, "nvrtc");
        assert_eq!(found, [folder.join("libnvrtc.so.13"), folder.join("libnvrtc.so.12")]);
        assert!(!open_in(&folder, "nvrtc"), "an empty file is no library");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_folder_that_does_not_exist_holds_nothing() {
        assert!(candidates(Path::new("/nonexistent/folder"), "nvrtc").is_empty());
    }
}
