//! Named limits, with their units, on everything that is read from outside.

/// What an examination may use up. What is over a limit becomes a finding, never a crash, a hang or a silent pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Containers inside containers, counted from the outermost.
    pub depth_max: usize,
    /// Members over all containers of one observation.
    pub members_max: u64,
    /// Bytes of one member that are unpacked into memory. An uncompressed member is read in place and has no limit.
    pub member_bytes_max: u64,
    /// Bytes unpacked over all members of one observation.
    pub unpacked_bytes_max: u64,
    /// Unpacked bytes for each packed byte, looked at from the first mebibyte on.
    pub ratio_max: u64,
    /// Opcodes run over all pickles of one observation.
    pub pickle_opcodes_max: u64,
    /// Pickles one after the other in one file.
    pub pickle_streams_max: u32,
    /// Values on the stack of one pickle.
    pub pickle_stack_max: usize,
    /// Memo slots of one pickle that are kept. What others hold counts as not known, but for globals.
    pub pickle_memo_max: usize,
    /// Memo slots of one pickle whose numbers lie far beyond the number of slots in use.
    pub pickle_memo_sparse_max: usize,
    /// Containers and their items of one pickle whose content is kept, in cells of about 16 bytes. The content of
    /// others counts as not known.
    pub pickle_cells_max: usize,
    /// Different globals over all pickles of one file.
    pub pickle_globals_max: usize,
    /// Literals of one pickle file that are pickles themselves and are examined.
    pub pickle_literals_max: usize,
    /// Literals of one pickle file that start like pickles and are looked at.
    pub pickle_literals_tried_max: usize,
    /// Values that one container may stand for when shared parts are written out each time.
    pub pickle_expanded_max: u64,
    /// Bytes of a structured header (safetensors, GGUF metadata, HDF5 attribute, archive name) held in memory.
    pub header_bytes_max: u64,
    /// Bytes of one log line.
    pub line_bytes_max: usize,
    /// Nesting of a JSON or YAML document.
    pub nesting_max: usize,
    /// Bytes of one mail; a larger one is examined up to here.
    pub mail_bytes_max: u64,
    /// Parts of one mail.
    pub mail_parts_max: usize,
    /// Bytes of the text that a reader of one mail sees, over all bodies, as they are decoded. Attachments have none.
    pub mail_text_bytes_max: usize,
    /// Links looked at in one mail.
    pub mail_links_max: usize,
    /// Mails of one mailbox.
    pub mailbox_mails_max: u64,
    /// Bytes of one message; a longer one is examined up to here.
    pub message_bytes_max: u64,
    /// Links and mail addresses looked at in one message.
    pub message_links_max: usize,
    /// Findings of one observation. One more finding says that there are others.
    pub findings_max: usize,
    /// Facts of one observation: what it says of itself.
    pub facts_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            depth_max: 8,
            members_max: 100_000,
            member_bytes_max: 32 * MIB,
            unpacked_bytes_max: 1024 * MIB,
            ratio_max: 200,
            pickle_opcodes_max: 50_000_000,
            pickle_streams_max: 100_000,
            pickle_stack_max: 600_000,
            pickle_memo_max: 2_000_000,
            pickle_memo_sparse_max: 100_000,
            pickle_cells_max: 2_000_000,
            pickle_globals_max: 10_000,
            pickle_literals_max: 100,
            pickle_literals_tried_max: 100_000,
            pickle_expanded_max: 100_000_000,
            header_bytes_max: 16 * MIB,
            line_bytes_max: MIB as usize,
            nesting_max: 64,
            mail_bytes_max: 32 * MIB,
            mail_parts_max: 1_000,
            mail_text_bytes_max: 4 * MIB as usize,
            mail_links_max: 2_000,
            mailbox_mails_max: 100_000,
            message_bytes_max: 64 * 1024,
            message_links_max: 200,
            findings_max: 1_000,
            facts_max: 1_000,
        }
    }
}
