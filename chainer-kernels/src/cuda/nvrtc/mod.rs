//! NVRTC, the CUDA compiler as a library: CUDA C to PTX or CUBIN, with a cache on disk. It needs no GPU.

mod cache;
mod library;

use std::ffi::{CStr, CString, c_char};
use std::path::PathBuf;

use cudarc::nvrtc::sys;

use crate::cuda::{HEADERS, Source};
use crate::error::{Error, ErrorKind, Result};

/// What to compile to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Target {
    /// The virtual assembly of a compute capability, which the driver compiles on for its GPU.
    Ptx,
    /// The machine code of one GPU architecture.
    Cubin,
}

/// The compiler.
#[derive(Clone, Debug)]
pub struct Nvrtc {
    version: (i32, i32),
    cache: Option<PathBuf>,
}

/// What a compilation gives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compiled {
    /// PTX text or a CUBIN file.
    pub code: Vec<u8>,
    /// What the compiler remarked.
    pub log: String,
    /// Whether the code came from the cache on disk.
    pub cached: bool,
}

impl Nvrtc {
    /// Finds the library and opens it. Looked at are the folders of `CHAINER_CUDA_PATH` and `CUDA_PATH`, what the system's loader
    /// finds, the usual folders, and Python's `site-packages/nvidia/*/lib`. The cache lies in `CHAINER_CACHE_DIR`, or in `chainer`
    /// in the user's cache folder.
    ///
    /// # Errors
    ///
    /// `Device` where there is no such library; the message says how to get it.
    pub fn load() -> Result<Nvrtc> {
        library::open("nvrtc").map_err(|searched| {
            Error::new(
                ErrorKind::Device,
                "nvrtc",
                format!(
                    "the CUDA run-time compiler (libnvrtc) was not found\nSearched: {searched}\nInstall it \
                     with `pip install nvidia-cuda-nvrtc`, or name the folder of a CUDA installation in CHAINER_CUDA_PATH"
                ),
            )
        })?;
        let (mut major, mut minor) = (0, 0);
        // SAFETY: the library is open (the line above), and both pointers lead to live integers.
        let status = unsafe { sys::nvrtcVersion(&mut major, &mut minor) };
        check(status, "nvrtcVersion")?;
        Ok(Nvrtc { version: (major, minor), cache: cache::default_folder() })
    }

    /// The same compiler with its cache in another folder, or without a cache.
    pub fn with_cache(self, folder: Option<PathBuf>) -> Nvrtc {
        Nvrtc { cache: folder, ..self }
    }

    /// The library's version: major, minor.
    pub fn version(&self) -> (i32, i32) {
        self.version
    }

    /// Compiles for a compute capability such as 80 (Ampere) or 90 (Hopper), or takes the result from the cache.
    ///
    /// Products and sums are not contracted (`--fmad=false`): whether an addition meets its product in the same kernel is chance,
    /// and a fused chain has to give the bits of the unfused one.
    ///
    /// # Errors
    ///
    /// `Device` with the compiler's log where the source does not compile.
    pub fn compile(&self, source: &Source, target: Target, capability: u32) -> Result<Compiled> {
        let options = options(target, capability);
        let (text, headers) = (source.text(), headers(source));
        let key = self.key(&options, &headers, &text);
        if let Some(code) = self.cache.as_deref().and_then(|folder| cache::read(folder, &key)) {
            return Ok(Compiled { code, log: String::new(), cached: true });
        }
        let name = source.entries.first().map_or("kernel", String::as_str);
        let Output { ptx, cubin, log } = compile(name, &text, &headers, &options)?;
        let code = match target {
            Target::Ptx => ptx,
            Target::Cubin => cubin,
        };
        if let Some(folder) = &self.cache {
            cache::write(folder, &key, &code);
        }
        Ok(Compiled { code, log, cached: false })
    }

    /// PTX, CUBIN and log of one compilation, past the cache.
    #[cfg(test)]
    pub(super) fn compile_to_both(&self, source: &Source, capability: u32) -> Result<(Vec<u8>, Vec<u8>, String)> {
        let options = options(Target::Cubin, capability);
        let Output { ptx, cubin, log } = compile(&source.entries[0], &source.text(), &headers(source), &options)?;
        Ok((ptx, cubin, log))
    }

    /// Everything that the code depends on.
    fn key(&self, options: &[String], headers: &[(&str, &str)], text: &str) -> String {
        let (major, minor) = self.version;
        let mut key = format!("nvrtc {major}.{minor} {}\n", options.join(" "));
        for (name, header) in headers {
            key.push_str(&format!("// {name}\n{header}\n"));
        }
        key + text
    }
}

fn options(target: Target, capability: u32) -> [String; 4] {
    let architecture = match target {
        Target::Ptx => "compute",
        Target::Cubin => "sm",
    };
    [
        format!("--gpu-architecture={architecture}_{capability}"),
        "--std=c++17".to_owned(),
        "--fmad=false".to_owned(),
        "--device-as-default-execution-space".to_owned(),
    ]
}

/// Names and texts of the headers that a source includes.
fn headers(source: &Source) -> Vec<(&'static str, &'static str)> {
    HEADERS.into_iter().filter(|(name, _)| source.headers.contains(name)).collect()
}

/// A program of NVRTC, destroyed when dropped.
struct Handle(sys::nvrtcProgram);

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle came from `nvrtcCreateProgram` and is destroyed once. An error leaves nothing to do.
        unsafe { sys::nvrtcDestroyProgram(&mut self.0) };
    }
}

/// Everything that a compilation gives. There is no CUBIN of a virtual architecture.
struct Output {
    ptx: Vec<u8>,
    cubin: Vec<u8>,
    log: String,
}

fn compile(name: &str, text: &str, headers: &[(&str, &str)], options: &[String]) -> Result<Output> {
    let name = c_string(&format!("{name}.cu"))?;
    let text = c_string(text)?;
    let header_names = headers.iter().map(|(name, _)| c_string(name)).collect::<Result<Vec<_>>>()?;
    let header_texts = headers.iter().map(|(_, text)| c_string(text)).collect::<Result<Vec<_>>>()?;
    let options = options.iter().map(|option| c_string(option)).collect::<Result<Vec<_>>>()?;
    let pointers = |strings: &[CString]| strings.iter().map(|s| s.as_ptr()).collect::<Vec<*const c_char>>();
    let (header_names_, header_texts_) = (pointers(&header_names), pointers(&header_texts));
    let options_ = pointers(&options);

    let mut program = std::ptr::null_mut();
    // SAFETY: every pointer leads to a NUL-terminated string that lives to the end of this function; both arrays of headers have
    // the length given.
    let status = unsafe {
        sys::nvrtcCreateProgram(
            &mut program,
            text.as_ptr(),
            name.as_ptr(),
            headers.len() as i32,
            header_texts_.as_ptr(),
            header_names_.as_ptr(),
        )
    };
    check(status, "nvrtcCreateProgram")?;
    let program = Handle(program);
    // SAFETY: the program was just created; the options are NUL-terminated strings, as many as given.
    let status = unsafe { sys::nvrtcCompileProgram(program.0, options_.len() as i32, options_.as_ptr()) };
    let log = fetch(&program, "nvrtcGetProgramLog", sys::nvrtcGetProgramLogSize, sys::nvrtcGetProgramLog)?;
    let log = String::from_utf8_lossy(&log).trim_end_matches('\0').trim().to_owned();
    if status != sys::nvrtcResult::NVRTC_SUCCESS {
        return Err(Error::new(ErrorKind::Device, "nvrtc", format!("{}\n{log}", describe(status))));
    }
    let ptx = fetch(&program, "nvrtcGetPTX", sys::nvrtcGetPTXSize, sys::nvrtcGetPTX)?;
    let cubin = fetch(&program, "nvrtcGetCUBIN", sys::nvrtcGetCUBINSize, sys::nvrtcGetCUBIN)?;
    Ok(Output { ptx, cubin, log })
}

/// One of NVRTC's pairs of functions that tell a size and copy as many bytes.
fn fetch(
    program: &Handle,
    what: &'static str,
    size_of: unsafe fn(sys::nvrtcProgram, *mut usize) -> sys::nvrtcResult,
    copy: unsafe fn(sys::nvrtcProgram, *mut c_char) -> sys::nvrtcResult,
) -> Result<Vec<u8>> {
    let mut size = 0;
    // SAFETY: the program is alive while its handle is, and the pointer leads to a live integer.
    check(unsafe { size_of(program.0, &mut size) }, what)?;
    let mut bytes = vec![0u8; size];
    // SAFETY: as above; the buffer has the size that the library asked for.
    check(unsafe { copy(program.0, bytes.as_mut_ptr().cast()) }, what)?;
    Ok(bytes)
}

fn c_string(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::value("nvrtc", "source text without NUL characters", "one with a NUL"))
}

fn check(status: sys::nvrtcResult, call: &str) -> Result<()> {
    if status == sys::nvrtcResult::NVRTC_SUCCESS {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Device, "nvrtc", format!("{call} failed: {}", describe(status))))
}

fn describe(status: sys::nvrtcResult) -> String {
    // SAFETY: the library is open (a status came from it); it returns a static NUL-terminated string for every status.
    unsafe { CStr::from_ptr(sys::nvrtcGetErrorString(status)) }.to_string_lossy().into_owned()
}
