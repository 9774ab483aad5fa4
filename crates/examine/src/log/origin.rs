//! Where an event comes from, told by its own content: the product, and within it the services and categories by
//! which Sigma rules choose their events.
//!
//! Sources: the Sigma taxonomy appendix 2.1 (Windows channels and Sysmon's event ids), and the vendors' own
//! descriptions of their audit logs for [`MARKERS`].

use std::sync::LazyLock;

use super::event::{Event, FieldName, FieldSet};

/// What is known of an event's origin. All words are in lower case, as rules write them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The product, such as `windows` or `aws`.
    pub product: Option<&'static str>,
    /// Services of the product to which the event belongs.
    pub services: Vec<&'static str>,
    /// Categories to which the event belongs.
    pub categories: Vec<&'static str>,
}

impl Origin {
    /// Whether anything is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.product.is_some() || !self.categories.is_empty() || !self.services.is_empty()
    }
}

/// Words for one kind of origin, which serve as a key: equal keys have equal origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OriginKey<'e> {
    /// An event of a Windows event log.
    Windows {
        /// The channel in lower case.
        channel: &'e str,
        /// The event id as text.
        id: &'e str,
    },
    /// A process start without a channel, told by its fields.
    Process(&'static str),
    /// An entry of journald, by the program that logged it.
    Journal(&'e str),
    /// One of [`MARKERS`], by its index.
    Marked(usize),
    /// Nothing is known.
    Unknown,
}

/// False if no event with just these fields has a [`key`] that says where it comes from, or fields that are renamed.
#[must_use]
pub fn may_be_known(fields: FieldSet) -> bool {
    fields.has_all(NAMES.renamed_by)
        || NAMES.told_by.iter().chain(TESTS.iter().map(|test| &test.needed)).any(|needed| fields.has_all(*needed))
}

/// Where an event comes from, as a key for [`origin`].
#[must_use]
pub fn key(event: &Event) -> OriginKey<'_> {
    let names = &*NAMES;
    if let (Some(channel), Some(id)) = (event.lower(&names.channel), event.text(&names.event_id)) {
        return OriginKey::Windows { channel, id };
    }
    if let (Some(provider), Some(id)) = (event.lower(&names.provider), event.text(&names.event_id))
        && let Some((_, channel)) = PROVIDERS.iter().find(|(name, _)| *name == provider)
    {
        return OriginKey::Windows { channel, id };
    }
    if let Some(program) = event.lower(&names.syslog_identifier).or_else(|| event.lower(&names.comm))
        && event.has(&names.message)
    {
        return OriginKey::Journal(program);
    }
    if let Some(marker) = TESTS.iter().position(|test| test.holds(event)) {
        return OriginKey::Marked(marker);
    }
    match event.text(&names.image) {
        Some(image) if event.has(&names.command_line) => OriginKey::Process(system_of_path(image)),
        _ => OriginKey::Unknown,
    }
}

/// What a key stands for.
#[must_use]
pub fn origin(key: OriginKey<'_>) -> Origin {
    match key {
        OriginKey::Windows { channel, id } => windows(channel, id),
        OriginKey::Process(system) => {
            Origin { product: Some(system), services: Vec::new(), categories: vec!["process_creation"] }
        }
        OriginKey::Journal(program) => {
            Origin { product: Some("linux"), services: journal_services(program), categories: Vec::new() }
        }
        OriginKey::Marked(index) => {
            let marker = &MARKERS[index];
            Origin {
                product: marker.product,
                services: marker.services.to_vec(),
                categories: marker.categories.to_vec(),
            }
        }
        OriginKey::Unknown => Origin::default(),
    }
}

/// Gives the fields of a Windows event the names that generic rules use, where the log has others of its own.
pub fn rename_windows_fields(event: &mut Event) {
    let names = &*NAMES;
    match event.lower(&names.channel) {
        Some("security") if event.text(&names.event_id) == Some("4688") => {
            for (from, to) in &names.audit_process {
                event.alias(from, to);
            }
        }
        // The data of these events have no names, and shippers that can't express that leave only the message.
        Some("windows powershell") => event.alias(&names.message, &names.data),
        _ => {}
    }
}

/// Whether a rule's product or category is one whose events are told by their content. Events of unknown origin are
/// none of these.
#[must_use]
pub fn is_told_by_content(product: Option<&str>, category: Option<&str>) -> bool {
    let product_told = product.is_some_and(|p| {
        matches!(p, "windows" | "linux" | "macos") || MARKERS.iter().any(|marker| marker.product == Some(p))
    });
    let category_told = category.is_some_and(|c| MARKERS.iter().any(|marker| marker.categories.contains(&c)));
    product_told || (product.is_none() && category_told)
}

/// Providers that write to one channel, for logs that leave the channel out.
const PROVIDERS: &[(&str, &str)] = &[
    ("microsoft-windows-sysmon", SYSMON),
    ("linux-sysmon", "linux-sysmon/operational"),
    ("microsoft-windows-security-auditing", "security"),
    ("microsoft-windows-powershell", "microsoft-windows-powershell/operational"),
    ("powershell", "windows powershell"),
    ("service control manager", "system"),
    ("microsoft-windows-windows defender", "microsoft-windows-windows defender/operational"),
];

struct Names {
    provider: FieldName,
    channel: FieldName,
    event_id: FieldName,
    image: FieldName,
    command_line: FieldName,
    syslog_identifier: FieldName,
    comm: FieldName,
    message: FieldName,
    data: FieldName,
    audit_process: Vec<(FieldName, FieldName)>,
    /// The fields that [`key`] asks for beside those of the markers.
    told_by: Vec<FieldSet>,
    /// The field without which [`rename_windows_fields`] does nothing.
    renamed_by: FieldSet,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| Names {
    told_by: [
        ["Channel", "EventID"],
        ["Provider_Name", "EventID"],
        ["SYSLOG_IDENTIFIER", "Message"],
        ["_COMM", "Message"],
        ["Image", "CommandLine"],
    ]
    .map(|names| names.map(FieldName::new).iter().collect())
    .to_vec(),
    renamed_by: std::iter::once(&FieldName::new("Channel")).collect(),
    provider: FieldName::new("Provider_Name"),
    channel: FieldName::new("Channel"),
    event_id: FieldName::new("EventID"),
    image: FieldName::new("Image"),
    command_line: FieldName::new("CommandLine"),
    syslog_identifier: FieldName::new("SYSLOG_IDENTIFIER"),
    comm: FieldName::new("_COMM"),
    message: FieldName::new("Message"),
    data: FieldName::new("Data"),
    audit_process: [
        ("NewProcessName", "Image"),
        ("ParentProcessName", "ParentImage"),
        ("ProcessCommandLine", "CommandLine"),
        ("SubjectLogonId", "LogonId"),
    ]
    .map(|(from, to)| (FieldName::new(from), FieldName::new(to)))
    .to_vec(),
});

fn system_of_path(image: &str) -> &'static str {
    const MAC: [&str; 5] = ["/Applications/", "/System/", "/Library/", "/Users/", "/private/"];
    if !image.starts_with('/') {
        "windows"
    } else if MAC.iter().any(|folder| image.starts_with(folder)) {
        "macos"
    } else {
        "linux"
    }
}

fn journal_services(program: &str) -> Vec<&'static str> {
    let mut services = vec!["syslog"];
    let own = match program {
        "sshd" | "sshd-session" => &["sshd", "auth"][..],
        "sudo" => &["sudo", "auth"],
        "su" | "login" | "systemd-logind" => &["auth"],
        "cron" | "crond" => &["cron"],
        "vsftpd" => &["vsftpd"],
        "clamd" | "freshclam" | "clamav" => &["clamav"],
        "guacd" => &["guacamole"],
        _ => &[],
    };
    services.extend(own);
    services
}

const SYSMON: &str = "microsoft-windows-sysmon/operational";

fn windows(channel: &str, id: &str) -> Origin {
    if channel == "linux-sysmon/operational" {
        return Origin { product: Some("linux"), services: vec!["sysmon"], categories: sysmon_categories(id) };
    }
    let services = SERVICES.iter().filter(|(_, of)| *of == channel).map(|(service, _)| *service).collect();
    let categories = match (channel, id) {
        (SYSMON, _) => sysmon_categories(id),
        ("security", "4688") => vec!["process_creation"],
        ("windows powershell", "400") => vec!["ps_classic_start"],
        ("windows powershell", "600") => vec!["ps_classic_provider_start"],
        ("windows powershell", "800") => vec!["ps_classic_script"],
        ("microsoft-windows-powershell/operational" | "powershellcore/operational", "4103") => vec!["ps_module"],
        ("microsoft-windows-powershell/operational" | "powershellcore/operational", "4104") => vec!["ps_script"],
        _ => Vec::new(),
    };
    Origin { product: Some("windows"), services, categories }
}

/// The categories of an event of Sysmon.
fn sysmon_categories(id: &str) -> Vec<&'static str> {
    let categories: &[&str] = match id {
        "1" => &["process_creation"],
        "2" => &["file_change"],
        "3" => &["network_connection"],
        "4" | "16" => &["sysmon_status"],
        "5" => &["process_termination"],
        "6" => &["driver_load"],
        "7" => &["image_load"],
        "8" => &["create_remote_thread"],
        "9" => &["raw_access_thread"],
        "10" => &["process_access"],
        "11" => &["file_event"],
        "12" => &["registry_event", "registry_add", "registry_delete"],
        "13" => &["registry_event", "registry_set"],
        "14" => &["registry_event", "registry_rename"],
        "15" => &["create_stream_hash"],
        "17" | "18" => &["pipe_created"],
        "19" | "20" | "21" => &["wmi_event"],
        "22" => &["dns_query"],
        "23" => &["file_delete"],
        "24" => &["clipboard_capture"],
        "25" => &["process_tampering"],
        "26" => &["file_delete", "file_delete_detected"],
        "27" => &["file_block_executable"],
        "28" => &["file_block_shredding"],
        "29" => &["file_executable_detected"],
        "255" => &["sysmon_error"],
        _ => &[],
    };
    categories.to_vec()
}

/// The services of Windows and their channels, in lower case.
const SERVICES: &[(&str, &str)] = &[
    ("application", "application"),
    ("application-experience", "microsoft-windows-application-experience/program-compatibility-assistant"),
    ("application-experience", "microsoft-windows-application-experience/program-telemetry"),
    ("applocker", "microsoft-windows-applocker/exe and dll"),
    ("applocker", "microsoft-windows-applocker/msi and script"),
    ("applocker", "microsoft-windows-applocker/packaged app-deployment"),
    ("applocker", "microsoft-windows-applocker/packaged app-execution"),
    ("appmodel-runtime", "microsoft-windows-appmodel-runtime/admin"),
    ("appxdeployment-server", "microsoft-windows-appxdeploymentserver/operational"),
    ("appxpackaging-om", "microsoft-windows-appxpackaging/operational"),
    ("bitlocker", "microsoft-windows-bitlocker/bitlocker management"),
    ("bits-client", "microsoft-windows-bits-client/operational"),
    ("capi2", "microsoft-windows-capi2/operational"),
    (
        "certificateservicesclient-lifecycle-system",
        "microsoft-windows-certificateservicesclient-lifecycle-system/operational",
    ),
    ("codeintegrity-operational", "microsoft-windows-codeintegrity/operational"),
    ("dhcp", "microsoft-windows-dhcp-server/operational"),
    ("diagnosis-scripted", "microsoft-windows-diagnosis-scripted/operational"),
    ("dns-client", "microsoft-windows-dns client events/operational"),
    ("dns-client", "microsoft-windows-dns-client/operational"),
    ("dns-server", "dns server"),
    ("dns-server-analytic", "microsoft-windows-dns-server/analytical"),
    ("dns-server-audit", "microsoft-windows-dns-server/audit"),
    ("driver-framework", "microsoft-windows-driverframeworks-usermode/operational"),
    ("firewall-as", "microsoft-windows-windows firewall with advanced security/firewall"),
    ("hyper-v-worker", "microsoft-windows-hyper-v-worker"),
    ("hyper-v-worker", "microsoft-windows-hyper-v-worker-admin"),
    ("iis-configuration", "microsoft-iis-configuration/operational"),
    ("kernel-event-tracing", "microsoft-windows-kernel-eventtracing"),
    ("kernel-event-tracing", "microsoft-windows-kernel-eventtracing/admin"),
    ("kernel-shimengine", "microsoft-windows-kernel-shimengine/diagnostic"),
    ("kernel-shimengine", "microsoft-windows-kernel-shimengine/operational"),
    ("ldap", "microsoft-windows-ldap-client/debug"),
    ("lsa-server", "microsoft-windows-lsa/operational"),
    ("microsoft-servicebus-client", "microsoft-servicebus-client"),
    ("microsoft-servicebus-client", "microsoft-servicebus-client/admin"),
    ("microsoft-servicebus-client", "microsoft-servicebus-client/operational"),
    ("msexchange-management", "msexchange management"),
    ("ntfs", "microsoft-windows-ntfs/operational"),
    ("ntlm", "microsoft-windows-ntlm/operational"),
    ("openssh", "openssh/operational"),
    ("powershell", "microsoft-windows-powershell/operational"),
    ("powershell", "powershellcore/operational"),
    ("powershell-classic", "windows powershell"),
    ("printservice-admin", "microsoft-windows-printservice/admin"),
    ("printservice-operational", "microsoft-windows-printservice/operational"),
    ("security", "security"),
    ("security-mitigations", "microsoft-windows-security-mitigations/kernel mode"),
    ("security-mitigations", "microsoft-windows-security-mitigations/kernelmode"),
    ("security-mitigations", "microsoft-windows-security-mitigations/user mode"),
    ("security-mitigations", "microsoft-windows-security-mitigations/usermode"),
    ("sense", "microsoft-windows-sense/operational"),
    ("servicebus-client", "microsoft-servicebus-client/admin"),
    ("servicebus-client", "microsoft-servicebus-client/operational"),
    ("shell-core", "microsoft-windows-shell-core/operational"),
    ("smbclient-connectivity", "microsoft-windows-smbclient/connectivity"),
    ("smbclient-security", "microsoft-windows-smbclient/security"),
    ("smbserver-connectivity", "microsoft-windows-smbserver/connectivity"),
    ("sysmon", SYSMON),
    ("system", "system"),
    ("taskscheduler", "microsoft-windows-taskscheduler/operational"),
    ("terminalservices-localsessionmanager", "microsoft-windows-terminalservices-localsessionmanager/operational"),
    ("vhdmp", "microsoft-windows-vhdmp/operational"),
    ("windefend", "microsoft-windows-windows defender/operational"),
    ("wmi", "microsoft-windows-wmi-activity/operational"),
];

/// What a field must be like.
#[derive(Clone, Copy, Debug)]
enum Is {
    There,
    Missing,
    Word(&'static str),
    Starting(&'static str),
    Ending(&'static str),
    Capitals,
}

impl Is {
    fn holds(self, event: &Event, name: &FieldName) -> bool {
        match self {
            Self::There => event.has(name),
            Self::Missing => !event.has(name),
            Self::Word(word) => event.lower(name) == Some(word),
            Self::Starting(start) => event.lower(name).is_some_and(|text| text.starts_with(start)),
            Self::Ending(end) => event.lower(name).is_some_and(|text| text.ends_with(end)),
            Self::Capitals => event
                .text(name)
                .is_some_and(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')),
        }
    }
}

/// Fields by which a source's events are told.
struct Marker {
    fields: &'static [(&'static str, Is)],
    product: Option<&'static str>,
    services: &'static [&'static str],
    categories: &'static [&'static str],
}

const fn product(
    fields: &'static [(&'static str, Is)],
    product: &'static str,
    services: &'static [&'static str],
) -> Marker {
    Marker { fields, product: Some(product), services, categories: &[] }
}

const fn category(fields: &'static [(&'static str, Is)], categories: &'static [&'static str]) -> Marker {
    Marker { fields, product: None, services: &[], categories }
}

use Is::{Capitals, Ending, Missing, Starting, There, Word};

/// How the events of each source are told; the first whose fields all fit counts.
const MARKERS: &[Marker] = &[
    product(&[("eventSource", Ending(".amazonaws.com")), ("eventName", There)], "aws", &["cloudtrail"]),
    product(&[("eventSource", Word("securitycompliancecenter"))], "m365", M365),
    product(&[("Workload", There), ("Operation", There)], "m365", M365),
    product(&[("Workload", There), ("RecordType", There)], "m365", M365),
    product(&[("riskEventType", There)], "azure", &["riskdetection", "pim"]),
    product(&[("LoggedByService", There)], "azure", &["auditlogs"]),
    product(&[("category", Word("auditlogs"))], "azure", &["auditlogs"]),
    product(&[("category", Starting("signinlogs"))], "azure", &["signinlogs"]),
    product(&[("category", Ending("signinlogs"))], "azure", &["signinlogs"]),
    product(&[("userPrincipalName", There), ("appDisplayName", There)], "azure", &["signinlogs"]),
    product(&[("UserPrincipalName", There), ("ResultType", There)], "azure", &["signinlogs"]),
    product(&[("Type", Word("signinlogs"))], "azure", &["signinlogs"]),
    product(&[("Type", Word("auditlogs"))], "azure", &["auditlogs"]),
    product(&[("Type", Word("azureactivity"))], "azure", &["activitylogs"]),
    product(&[("activityDisplayName", There), ("targetResources", There)], "azure", &["auditlogs"]),
    product(&[("operationName", Starting("microsoft.")), ("resourceId", There)], "azure", &["activitylogs"]),
    product(&[("OperationNameValue", There)], "azure", &["activitylogs"]),
    product(&[("CategoryValue", There), ("ResourceId", There)], "azure", &["activitylogs"]),
    product(
        &[("protoPayload.serviceName", Word("login.googleapis.com"))],
        "gcp",
        &["gcp.audit", "google_workspace.login"],
    ),
    product(
        &[("protoPayload.serviceName", Word("admin.googleapis.com"))],
        "gcp",
        &["gcp.audit", "google_workspace.admin"],
    ),
    product(&[("protoPayload.serviceName", There)], "gcp", &["gcp.audit"]),
    product(&[("protoPayload.methodName", There)], "gcp", &["gcp.audit"]),
    product(&[("data.protoPayload.serviceName", There)], "gcp", &["gcp.audit"]),
    product(&[("gcp.audit.method_name", There)], "gcp", &["gcp.audit"]),
    product(&[("eventService", Ending(".googleapis.com"))], "gcp", &["google_workspace.admin"]),
    product(&[("eventType", There), ("published", There), ("actor", There)], "okta", &["okta"]),
    product(&[("apiVersion", Starting("audit.k8s.io/"))], "kubernetes", KUBERNETES),
    product(&[("verb", There), ("objectRef", There)], "kubernetes", KUBERNETES),
    product(&[("action", There), ("actor", There), ("org", There)], "github", &["audit"]),
    product(&[("action", There), ("actor", There), ("repo", There)], "github", &["audit"]),
    product(&[("action", There), ("actor", There), ("business", There)], "github", &["audit"]),
    product(&[("auditType.category", There)], "bitbucket", &["audit"]),
    product(&[("event_type_id", There), ("account_id", There)], "onelogin", &["onelogin.events"]),
    product(&[("event_type", There), ("access_device", There), ("txid", There)], "cisco", &["duo"]),
    product(&[("logtype", There), ("node_id", There), ("logdata", There)], "opencanary", &[]),
    product(&[("devid", There), ("logid", There), ("type", Word("event"))], "fortigate", &["event"]),
    product(&[("_path", Word("http")), ("uid", There)], "zeek", &["http"]),
    product(&[("_path", Word("dns")), ("uid", There)], "zeek", &["dns"]),
    product(&[("_path", Word("dce_rpc")), ("uid", There)], "zeek", &["dce_rpc"]),
    product(&[("_path", Word("smb_files")), ("uid", There)], "zeek", &["smb_files"]),
    product(&[("_path", Word("kerberos")), ("uid", There)], "zeek", &["kerberos"]),
    product(&[("_path", Word("rdp")), ("uid", There)], "zeek", &["rdp"]),
    product(&[("_path", Word("x509"))], "zeek", &["x509"]),
    product(&[("@stream", Word("http")), ("uid", There)], "zeek", &["http"]),
    product(&[("@stream", Word("dns")), ("uid", There)], "zeek", &["dns"]),
    product(&[("@stream", Word("dce_rpc")), ("uid", There)], "zeek", &["dce_rpc"]),
    product(&[("@stream", Word("smb_files")), ("uid", There)], "zeek", &["smb_files"]),
    product(&[("@stream", Word("kerberos")), ("uid", There)], "zeek", &["kerberos"]),
    product(&[("@stream", Word("rdp")), ("uid", There)], "zeek", &["rdp"]),
    product(&[("id.orig_h", There), ("uid", There), ("qtype_name", There)], "zeek", &["dns"]),
    product(&[("id.orig_h", There), ("uid", There), ("method", There)], "zeek", &["http"]),
    product(&[("id.orig_h", There), ("uid", There), ("endpoint", There)], "zeek", &["dce_rpc"]),
    product(&[("id.orig_h", There), ("uid", There), ("request_type", There)], "zeek", &["kerberos"]),
    product(&[("id.orig_h", There), ("uid", There), ("action", Starting("smb::"))], "zeek", &["smb_files"]),
    product(&[("id.orig_h", There), ("uid", There), ("cookie", There)], "zeek", &["rdp"]),
    product(&[("certificate.serial", There), ("fingerprint", There)], "zeek", &["x509"]),
    product(&[("certificate.serial", There), ("ts", There)], "zeek", &["x509"]),
    product(&[("_path", There), ("uid", There)], "zeek", &[]),
    product(&[("@stream", There), ("uid", There)], "zeek", &[]),
    product(&[("InterfaceUuid", There), ("OpNum", There)], "rpc_firewall", &[]),
    product(&[("type", Capitals), ("auid", There)], "linux", &["auditd"]),
    product(&[("type", Word("execve")), ("a0", There)], "linux", &["auditd"]),
    product(&[("type", Word("path")), ("nametype", There)], "linux", &["auditd"]),
    product(&[("type", Capitals), ("msg", Starting("audit("))], "linux", &["auditd"]),
    category(&[("c-uri", There)], &["proxy", "webserver"]),
    category(&[("cs-uri", There)], &["proxy", "webserver"]),
    category(&[("cs-uri-stem", There)], &["webserver", "proxy"]),
    category(&[("cs-uri-query", There)], &["webserver", "proxy"]),
    category(&[("cs-method", There), ("sc-status", There)], &["webserver", "proxy"]),
    category(&[("src_ip", There), ("dst_ip", There), ("dst_port", There)], &["firewall"]),
    category(&[("query", There), ("record_type", There)], &["dns"]),
    category(&[("Signature", There), ("Filename", There), ("Channel", Missing)], &["antivirus"]),
];

const M365: &[&str] = &["audit", "exchange", "threat_detection", "threat_management"];
const KUBERNETES: &[&str] = &["audit"];

/// A [`Marker`] with its field names ready for look-up.
struct MarkerTest {
    /// Those of the fields that must be there: most events lack them, which is told at once.
    needed: FieldSet,
    fields: Vec<(FieldName, Is)>,
}

impl MarkerTest {
    fn new(marker: &Marker) -> Self {
        let fields: Vec<(FieldName, Is)> =
            marker.fields.iter().map(|(name, test)| (FieldName::new(name), *test)).collect();
        let needed = fields.iter().filter(|(_, test)| !matches!(test, Missing)).map(|(name, _)| name).collect();
        Self { needed, fields }
    }

    fn holds(&self, event: &Event) -> bool {
        event.fields().has_all(self.needed) && self.fields.iter().all(|(name, test)| test.holds(event, name))
    }
}

/// [`MARKERS`], ready for use.
static TESTS: LazyLock<Vec<MarkerTest>> = LazyLock::new(|| MARKERS.iter().map(MarkerTest::new).collect());

#[cfg(test)]
mod tests {
    use super::*;

    fn of(event: serde_json::Value) -> Origin {
        let mut read = Event::default();
        read.read_json(event.to_string().as_bytes(), 64).expect("an event");
        origin(key(&read))
    }

    #[test]
    fn origins_are_told_by_content() {
        use serde_json::json;
        let sysmon = of(json!({"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 12}));
        assert_eq!(sysmon.product, Some("windows"));
        assert_eq!(sysmon.services, ["sysmon"]);
        assert_eq!(sysmon.categories, ["registry_event", "registry_add", "registry_delete"]);
        assert_eq!(of(json!({"log_name": "Security", "event_id": 4688})).categories, ["process_creation"]);
        assert_eq!(
            of(json!({"SourceName": "Microsoft-Windows-Sysmon", "EventID": 1})).categories,
            ["process_creation"]
        );
        assert_eq!(of(json!({"Channel": "Linux-Sysmon/Operational", "EventID": 1})).product, Some("linux"));
        assert_eq!(of(json!({"eventSource": "iam.amazonaws.com", "eventName": "x"})).services, ["cloudtrail"]);
        assert_eq!(of(json!({"_COMM": "sshd", "MESSAGE": "x"})).services, ["syslog", "sshd", "auth"]);
        assert_eq!(of(json!({"Image": "/usr/bin/id", "CommandLine": "id"})).product, Some("linux"));
        assert_eq!(of(json!({"type": "EXECVE", "a0": "id", "auid": "1"})).services, ["auditd"]);
        assert_eq!(of(json!({"c-uri": "/", "cs-method": "GET"})).categories, ["proxy", "webserver"]);
        assert!(!of(json!({"text": "hello", "label": 1})).is_known());
        assert!(!of(json!({"id": 1, "type": "user", "action": "x"})).is_known());
    }

    #[test]
    fn audited_processes_have_the_fields_of_sysmon() {
        let mut event = Event::default();
        let json =
            br#"{"Channel":"Security","EventID":4688,"NewProcessName":"C:\\a.exe","ParentProcessName":"C:\\b.exe"}"#;
        event.read_json(json, 64).expect("an event");
        rename_windows_fields(&mut event);
        assert_eq!(event.text(&FieldName::new("Image")), Some("C:\\a.exe"));
        assert_eq!(event.text(&FieldName::new("ParentImage")), Some("C:\\b.exe"));
    }
}
