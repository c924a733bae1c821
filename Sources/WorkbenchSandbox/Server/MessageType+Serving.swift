// SPDX-License-Identifier: Apache-2.0

extension MessageType {
    private static let visibility = Kind.word(["PRIVATE", "PUBLIC"])

    static let createRegisteredModel = MessageType(
        "CreateRegisteredModelRequest",
        [
            "project_id": .string, "experiment_id": .string, "run_id": .string, "model_path": .string,
            "model_name": .string, "tags": .messages(.tag), "description": .string, "notes": .string,
            "visibility": visibility,
        ]
    )

    static let updateRegisteredModel = MessageType(
        "UpdateRegisteredModelRequest",
        ["model_id": .string, "description": .string, "visibility": visibility, "user_id": .string]
    )

    static let updateVersion = MessageType(
        "UpdateRegisteredModelVersionRequest",
        ["model_id": .string, "model_version_id": .string, "notes": .string, "tags": .messages(.tag)]
    )

    private static let buildFields: [String: Kind] = [
        "comment": .string, "file_path": .string, "function_name": .string, "kernel": .string,
        "runtime_identifier": .string, "runtime_addon_identifiers": .strings,
        "registered_model_version_id": .string, "model_root_dir": .string, "build_script_path": .string,
    ]

    private static let deploymentFields: [String: Kind] = [
        "cpu": .double, "memory": .double, "nvidia_gpus": .int32, "environment": .stringMap, "replicas": .int32,
        "deployment_secrets": .stringMap,
    ]

    private static let placementFields: [String: Kind] = [
        "accelerator_label_id": .int64, "resource_group_id": .int32, "resource_profile_id": .int32,
    ]

    static let shortBuild = MessageType("ShortCreateModelBuild", buildFields)
    static let shortDeployment = MessageType("ShortCreateModelDeployment", deploymentFields)

    static let createModel = MessageType(
        "CreateModelRequest",
        placementFields.merging(
            [
                "project_id": .string, "name": .string, "description": .string, "disable_authentication": .bool,
                "registered_model_id": .string, "visibility": .string, "run_as": .int32, "auto_build_model": .bool,
                "auto_build_config": .message(.shortBuild), "auto_deploy_model": .bool,
                "auto_deployment_config": .message(.shortDeployment),
            ]
        ) { first, _ in first }
    )

    static let updateModel = MessageType(
        "UpdateSingleModel",
        placementFields.merging(
            [
                "id": .string, "name": .string, "description": .string, "visibility": .string, "run_as": .int32,
                "default_resources": .message(
                    MessageType(
                        "DefaultResources",
                        ["cpu_millicores": .int64, "memory_mb": .int64, "nvidia_gpus": .int64]
                    )
                ),
                "default_replication_policy": .message(
                    MessageType("DefaultReplicationPolicy", ["num_replicas": .int64, "type": .string])
                ),
            ]
        ) { first, _ in first }
    )

    static let createBuild = MessageType(
        "CreateModelBuildRequest",
        buildFields.merging(placementFields) { first, _ in first }.merging(
            [
                "project_id": .string, "model_id": .string, "auto_deploy_model": .bool,
                "auto_deployment_config": .message(.shortDeployment),
            ]
        ) { first, _ in first }
    )

    static let createDeployment = MessageType(
        "CreateModelDeploymentRequest",
        deploymentFields.merging(placementFields) { first, _ in first }.merging(
            ["project_id": .string, "model_id": .string, "build_id": .string]
        ) { first, _ in first }
    )
}
