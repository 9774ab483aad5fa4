//! The codes of packages for agents: statics, so that tables can refer to them.

use sakimori_model::Code;

/// Invisible characters spell a text.
pub static INVISIBLE_TEXT: Code = Code::new("SKM-AGT-0101");
/// Invisible or imitated letters stand in a text.
pub static INVISIBLE_CHARACTERS: Code = Code::new("SKM-AGT-0102");
/// Codes that steer a terminal.
pub static TERMINAL_CODES: Code = Code::new("SKM-AGT-0103");
/// Text behind so much white space that it is out of sight.
pub static PUSHED_AWAY: Code = Code::new("SKM-AGT-0104");
/// An order or a harmful command in a comment or hidden element.
pub static HIDDEN_ORDER: Code = Code::new("SKM-AGT-0105");
/// An order or a harmful command in base64.
pub static ENCODED_ORDER: Code = Code::new("SKM-AGT-0106");
/// A text orders a model to set aside what it was told.
pub static OVERRIDES: Code = Code::new("SKM-AGT-0110");
/// A text orders a model to keep something from the user.
pub static CONCEALS: Code = Code::new("SKM-AGT-0111");
/// A text orders a model to read keys or settings of others.
pub static ASKS_FOR_SECRETS: Code = Code::new("SKM-AGT-0112");
/// A text orders a model to hand something over.
pub static SENDS_AWAY: Code = Code::new("SKM-AGT-0113");
/// A text poses as the system or speaks to a model as such.
pub static POSES: Code = Code::new("SKM-AGT-0114");
/// A text steers the use of other tools.
pub static STEERS: Code = Code::new("SKM-AGT-0115");
/// A text tells a model that it knows no rules.
pub static FREES: Code = Code::new("SKM-AGT-0116");
/// A text asks a model for what it was told.
pub static REVEALS: Code = Code::new("SKM-AGT-0117");
/// Several orders in one description.
pub static POISONED: Code = Code::new("SKM-AGT-0118");
/// A parameter that only a model can fill with what it was told.
pub static PARAMETER_ASKS: Code = Code::new("SKM-AGT-0119");
/// A name stands twice.
pub static SAME_NAME: Code = Code::new("SKM-AGT-0120");
/// Names that can be taken for one another.
pub static LOOKALIKE: Code = Code::new("SKM-AGT-0121");
/// A tool that changes something says that it does not.
pub static FALSE_HINT: Code = Code::new("SKM-AGT-0122");
/// A key stands twice in an object.
pub static DOUBLED: Code = Code::new("SKM-AGT-0123");
/// A shell or an interpreter runs what the arguments say.
pub static SHELL: Code = Code::new("SKM-AGT-0130");
/// A command that does harm whoever runs it.
pub static HARMFUL_COMMAND: Code = Code::new("SKM-AGT-0131");
/// A container with rights over its host.
pub static CONTAINER_RIGHTS: Code = Code::new("SKM-AGT-0132");
/// A command takes the rights of the system.
pub static AS_ROOT: Code = Code::new("SKM-AGT-0133");
/// A server is given a whole system, home or folder of keys.
pub static WIDE_FOLDER: Code = Code::new("SKM-AGT-0134");
/// A right to everything.
pub static ANY_TOOL: Code = Code::new("SKM-AGT-0135");
/// A right to use a shell.
pub static SHELL_TOOL: Code = Code::new("SKM-AGT-0136");
/// A tool that changes something runs without a question.
pub static APPROVED: Code = Code::new("SKM-AGT-0137");
/// A safeguard is switched off.
pub static NO_QUESTIONS: Code = Code::new("SKM-AGT-0138");
/// A command that runs by itself.
pub static HOOK: Code = Code::new("SKM-AGT-0139");
/// A variable that changes what is loaded or whom it talks to.
pub static STEERING_VARIABLE: Code = Code::new("SKM-AGT-0140");
/// A secret stands in the settings.
pub static LITERAL_SECRET: Code = Code::new("SKM-AGT-0141");
/// It is not known which program is started.
pub static UNPINNED: Code = Code::new("SKM-AGT-0142");
/// An image is named by a tag.
pub static BY_TAG: Code = Code::new("SKM-AGT-0143");
/// Code from an address, without a commit or digest.
pub static NO_COMMIT: Code = Code::new("SKM-AGT-0144");
/// An address without encryption.
pub static PLAIN_HTTP: Code = Code::new("SKM-AGT-0145");
/// A host is named by its number.
pub static RAW_ADDRESS: Code = Code::new("SKM-AGT-0146");
/// It is a program.
pub static RUNS_WHEN_LOADED: Code = Code::new("SKM-AGT-0150");
/// A program starts others.
pub static STARTS_PROGRAMS: Code = Code::new("SKM-AGT-0151");
/// A program runs text as a program.
pub static RUNS_TEXT: Code = Code::new("SKM-AGT-0152");
/// A program makes objects from bytes.
pub static UNPACKS: Code = Code::new("SKM-AGT-0153");
/// A program talks to others.
pub static TALKS: Code = Code::new("SKM-AGT-0154");
/// A program changes files.
pub static WRITES: Code = Code::new("SKM-AGT-0155");
/// A program loads machine code.
pub static NATIVE: Code = Code::new("SKM-AGT-0156");
/// A program reads keys or the whole environment.
pub static READS_SECRETS: Code = Code::new("SKM-AGT-0157");
/// A program decodes or fetches something and runs it, in one line.
pub static RUNS_WHAT_IT_FETCHES: Code = Code::new("SKM-AGT-0158");
/// A program decodes or fetches, and runs text.
pub static MAY_RUN_WHAT_IT_FETCHES: Code = Code::new("SKM-AGT-0159");
/// A program reads secrets, and talks to others.
pub static SECRETS_AND_NETWORK: Code = Code::new("SKM-AGT-0160");
/// A program comes at names by a way round.
pub static REACHES: Code = Code::new("SKM-AGT-0161");
/// A program uses something that nobody has judged.
pub static UNKNOWN_NAME: Code = Code::new("SKM-AGT-0162");
/// Names in letters that look like others.
pub static DISGUISED_NAMES: Code = Code::new("SKM-AGT-0163");
/// A program in base64.
pub static HIDDEN_PROGRAM: Code = Code::new("SKM-AGT-0164");
/// A program that can not be judged.
pub static NOT_JUDGED: Code = Code::new("SKM-AGT-0165");
/// A cell runs commands.
pub static SHELL_CELL: Code = Code::new("SKM-AGT-0170");
/// An output that acts in the browser.
pub static ACTIVE_OUTPUT: Code = Code::new("SKM-AGT-0171");
/// An output holds a script.
pub static SCRIPT_OUTPUT: Code = Code::new("SKM-AGT-0172");
/// A notebook calls itself trusted.
pub static SAYS_TRUSTED: Code = Code::new("SKM-AGT-0173");
/// A package without a fixed version.
pub static ANY_VERSION: Code = Code::new("SKM-AGT-0180");
/// An index that is not checked.
pub static UNCHECKED_INDEX: Code = Code::new("SKM-AGT-0181");
/// Another index.
pub static OTHER_INDEX: Code = Code::new("SKM-AGT-0182");
/// A package whose name imitates another.
pub static IMITATED_NAME: Code = Code::new("SKM-AGT-0183");
/// A command that runs on installation.
pub static INSTALL_SCRIPT: Code = Code::new("SKM-AGT-0184");
/// A class of somebody else is made.
pub static FOREIGN_CLASS: Code = Code::new("SKM-AGT-0190");
/// A part that runs what a model writes.
pub static RUNS_CODE: Code = Code::new("SKM-AGT-0191");
/// A prompt whose template language can run code.
pub static ACTIVE_TEMPLATE: Code = Code::new("SKM-AGT-0192");
/// A command that fetches a program and runs it, in instructions.
pub static FETCHES_AND_RUNS: Code = Code::new("SKM-AGT-0147");
/// A command that changes whom the machine or its agents trust.
pub static RISKY_COMMAND: Code = Code::new("SKM-AGT-0148");
/// A schema is fetched from elsewhere.
pub static SCHEMA_ELSEWHERE: Code = Code::new("SKM-AGT-0149");
