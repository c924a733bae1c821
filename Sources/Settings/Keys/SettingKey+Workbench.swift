// SPDX-License-Identifier: Apache-2.0

/// The settings about calls of the workbench.
extension SettingKey {
    /// `workbench.url`.
    package static let workbenchURL = SettingKey(
        "workbench.url",
        .url,
        "Address of the workbench.",
        session: SessionVariable(name: "CDSW_DOMAIN", prefix: "https://")
    )
    /// `workbench.apiKeyFile`.
    package static let workbenchAPIKeyFile = SettingKey(
        "workbench.apiKeyFile",
        .path,
        "File that holds the API key; read again when the key is refused."
    )
    /// `workbench.apiKey`.
    package static let workbenchAPIKey = SettingKey(
        "workbench.apiKey",
        .text,
        "The API key itself; from the environment only.",
        isSecret: true,
        session: SessionVariable(name: "CDSW_APIV2_KEY", prefix: "")
    )
    /// `workbench.projectId`.
    package static let workbenchProjectID = SettingKey(
        "workbench.projectId",
        .text,
        "The project of events that name none.",
        session: SessionVariable(name: "CDSW_PROJECT_ID", prefix: "")
    )
    /// `workbench.caBundle`.
    package static let workbenchCABundle = SettingKey(
        "workbench.caBundle",
        .path,
        "File of certificate authorities (PEM) in place of the system's."
    )
    /// `workbench.verifyTLS`.
    package static let workbenchVerifyTLS = SettingKey(
        "workbench.verifyTLS",
        .flag,
        default: "true",
        "Whether the workbench's certificate is checked."
    )
    /// `workbench.allowPlaintext`.
    package static let workbenchAllowPlaintext = SettingKey(
        "workbench.allowPlaintext",
        .flag,
        default: "false",
        "Whether the API key may go over http:// beyond this machine, where everybody on the way can read it."
    )
    /// `workbench.sharedRegistryNames`.
    package static let workbenchSharedRegistryNames = SettingKey(
        "workbench.sharedRegistryNames",
        .flag,
        default: "false",
        "Whether rollouts of several projects may add versions to one registered model of the same name."
    )
    /// `workbench.modelServiceURL`.
    package static let workbenchModelServiceURL = SettingKey(
        "workbench.modelServiceURL",
        .url,
        "Where models are served, if not at modelservice. and the workbench's host."
    )
    /// `workbench.requestTimeout`.
    package static let workbenchRequestTimeout = SettingKey(
        "workbench.requestTimeout",
        .duration(.seconds(1) ... .seconds(600)),
        default: "30s",
        "Deadline of one call."
    )
    /// `workbench.maximumConcurrentCalls`.
    package static let workbenchMaximumConcurrentCalls = SettingKey(
        "workbench.maximumConcurrentCalls",
        .integer(1...1024),
        default: "64",
        "Calls at a time, of one worker."
    )
    /// `workbench.maximumCallsPerSecond`.
    package static let workbenchMaximumCallsPerSecond = SettingKey(
        "workbench.maximumCallsPerSecond",
        .number(0...10_000),
        default: "50",
        "Calls a second, of one worker; 0 for no limit. The API shares its ingress with people's sessions."
    )

    /// `rollout.intentValidity`.
    package static let rolloutIntentValidity = SettingKey(
        "rollout.intentValidity",
        .duration(.seconds(1) ... .seconds(60)),
        default: "5s",
        "How old a journalled intent may be when its call is made."
    )
    /// `rollout.settle`.
    package static let rolloutSettle = SettingKey(
        "rollout.settle",
        .duration(.zero ... .seconds(3600)),
        default: "60s",
        "How long after a call's deadline the workbench may still act on it."
    )
    /// `rollout.sweepAfter`.
    package static let rolloutSweepAfter = SettingKey(
        "rollout.sweepAfter",
        .duration(.zero ... .seconds(86_400)),
        default: "2m",
        "How long after its end a rollout is swept for what calls of unknown outcome have made after all; never before such a "
            + "call can have had its effect. Another event about the run waits for it."
    )
    /// `rollout.maximumAttempts`.
    package static let rolloutMaximumAttempts = SettingKey(
        "rollout.maximumAttempts",
        .integer(1...100),
        default: "6",
        "Failures of one step after which the rollout fails. Conflicts and answers that make no sense always count, other "
            + "failures while the same call succeeds for other models."
    )
    /// `rollout.backoffBase`.
    package static let rolloutBackoffBase = SettingKey(
        "rollout.backoffBase",
        .duration(.milliseconds(10) ... .seconds(60)),
        default: "500ms",
        "Upper bound of the wait after a first failure; doubles with each further one."
    )
    /// `rollout.backoffCap`.
    package static let rolloutBackoffCap = SettingKey(
        "rollout.backoffCap",
        .duration(.milliseconds(10) ... .seconds(3600)),
        default: "30s",
        "Upper bound of every wait after a failure."
    )
    /// `polling.minimum`.
    package static let pollingMinimum = SettingKey(
        "polling.minimum",
        .duration(.milliseconds(1) ... .seconds(600)),
        default: "2s",
        "First interval between two looks at a build or deployment; grows by half each time."
    )
    /// `polling.maximum`.
    package static let pollingMaximum = SettingKey(
        "polling.maximum",
        .duration(.milliseconds(1) ... .seconds(3600)),
        default: "15s",
        "Longest interval between two looks at a build or deployment."
    )
}
