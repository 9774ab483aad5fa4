//! The rules of the folder `rules/`, as they come with the program; a test holds this list against the folder.

/// The files: their names and their texts.
pub(super) const BUILTIN_FILES: &[(&str, &str)] = &[
    ("ai_api_key_in_command_line.yml", include_str!("../../../../rules/ai_api_key_in_command_line.yml")),
    ("ai_model_server_open_to_all.yml", include_str!("../../../../rules/ai_model_server_open_to_all.yml")),
    ("ai_pip_install_from_url.yml", include_str!("../../../../rules/ai_pip_install_from_url.yml")),
    ("ai_token_store_read.yml", include_str!("../../../../rules/ai_token_store_read.yml")),
    ("aws_cloudtrail_stopped.yml", include_str!("../../../../rules/aws_cloudtrail_stopped.yml")),
    ("aws_mfa_removed.yml", include_str!("../../../../rules/aws_mfa_removed.yml")),
    ("aws_root_console_login.yml", include_str!("../../../../rules/aws_root_console_login.yml")),
    ("k8s_anonymous_success.yml", include_str!("../../../../rules/k8s_anonymous_success.yml")),
    ("linux_ssh_root_password_login.yml", include_str!("../../../../rules/linux_ssh_root_password_login.yml")),
    ("m365_mail_forwarded_outside.yml", include_str!("../../../../rules/m365_mail_forwarded_outside.yml")),
    ("win_backup_services_stopped.yml", include_str!("../../../../rules/win_backup_services_stopped.yml")),
    ("win_defender_switched_off.yml", include_str!("../../../../rules/win_defender_switched_off.yml")),
    ("win_defender_weakened_by_command.yml", include_str!("../../../../rules/win_defender_weakened_by_command.yml")),
    ("win_download_by_system_tool.yml", include_str!("../../../../rules/win_download_by_system_tool.yml")),
    ("win_lsass_memory_access.yml", include_str!("../../../../rules/win_lsass_memory_access.yml")),
    ("win_powershell_encoded_command.yml", include_str!("../../../../rules/win_powershell_encoded_command.yml")),
    ("win_powershell_encoded_download.yml", include_str!("../../../../rules/win_powershell_encoded_download.yml")),
    ("win_rdp_logon_failed.yml", include_str!("../../../../rules/win_rdp_logon_failed.yml")),
    ("win_recovery_disabled.yml", include_str!("../../../../rules/win_recovery_disabled.yml")),
    ("win_remote_support_tool.yml", include_str!("../../../../rules/win_remote_support_tool.yml")),
    ("win_scheduled_task_suspicious.yml", include_str!("../../../../rules/win_scheduled_task_suspicious.yml")),
    ("win_security_log_cleared.yml", include_str!("../../../../rules/win_security_log_cleared.yml")),
    ("win_service_unusual_path.yml", include_str!("../../../../rules/win_service_unusual_path.yml")),
    ("win_shadow_copies_deleted.yml", include_str!("../../../../rules/win_shadow_copies_deleted.yml")),
];
