use crate::dialect::Dialect;

/// Whether a reply was asked for as a stream, and its bytes.
pub(super) type Recording = (bool, &'static [u8]);

macro_rules! recording {
    ($stream:literal, $path:literal) => {
        ($stream, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/cases/streams/", $path)))
    };
}

const OLLAMA_CHAT: &[Recording] = &[
    recording!(true, "ollama/chat-stream.txt"),
    recording!(true, "ollama/chat-stream-tool.txt"),
    recording!(true, "ollama/error-midstream.txt"),
];
const OLLAMA_GENERATE: &[Recording] = &[
    recording!(true, "ollama/generate-stream.txt"),
    recording!(true, "ollama/generate-empty.txt"),
    recording!(false, "ollama/generate-nonstream.txt"),
];
const OPENAI_CHAT: &[Recording] = &[
    recording!(true, "vllm/chat-stream-usage.txt"),
    recording!(true, "vllm/chat-stream-nousage.txt"),
    recording!(true, "vllm/chat-stream-continuous-usage.txt"),
    recording!(false, "vllm/chat-nonstream.txt"),
];
const OPENAI_COMPLETIONS: &[Recording] = &[
    recording!(true, "vllm/completions-stream-usage.txt"),
    recording!(true, "llama-server/v1completions-stream.txt"),
    recording!(false, "llama-server/v1completions-nonstream.txt"),
    recording!(false, "llama-server/v1completions-n2.txt"),
];
const LLAMA_CHAT: &[Recording] = &[
    recording!(true, "llama-server/chat-stream-usage.txt"),
    recording!(true, "llama-server/chat-stream-ignore-eos.txt"),
    recording!(true, "llama-server/chat-stream-timings-per-token.txt"),
    recording!(true, "llama-server/server-sigkill-midstream.txt"),
    recording!(false, "llama-server/chat-nonstream.txt"),
    recording!(false, "llama-server/chat-logprobs.txt"),
];
const LLAMA_COMPLETION: &[Recording] = &[
    recording!(true, "llama-server/completion-stream.txt"),
    recording!(false, "llama-server/completion-nonstream.txt"),
];

/// What servers of a dialect answered. The heads that `curl -i` shows stand
/// before the bodies.
pub(super) const fn of(dialect: Dialect) -> &'static [Recording] {
    match dialect {
        Dialect::OllamaChat => OLLAMA_CHAT,
        Dialect::OllamaGenerate => OLLAMA_GENERATE,
        Dialect::OpenAiChat => OPENAI_CHAT,
        Dialect::OpenAiCompletions => OPENAI_COMPLETIONS,
        Dialect::LlamaChat => LLAMA_CHAT,
        Dialect::LlamaCompletion => LLAMA_COMPLETION,
    }
}
