//! The specifications that travel inside this crate.

use std::sync::OnceLock;

use crate::load::{Loaded, SourceFile, parse};
use crate::model::Service;
use crate::suggest::nearest;

/// A service whose files are part of this crate.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedService {
    /// What it is asked for by, such as `dyvmsapi`.
    pub id: &'static str,
    /// Its folder under `services/`.
    pub folder: &'static str,
    /// Its files, `service.json` first; paths are inside the folder.
    pub files: &'static [SourceFile<'static>],
}

macro_rules! files {
    ($folder:literal: $($path:literal,)*) => {
        &[$(SourceFile { path: $path, text: include_str!(concat!("../services/", $folder, "/", $path)) },)*]
    };
}

/// A test holds this list equal to the folder.
const DYVMSAPI: &[SourceFile<'static>] = files![
    "dyvmsapi-2017-05-25":
    "service.json",
    "operations/AddVirtualNumberRelation.json",
    "operations/BatchRobotSmartCall.json",
    "operations/CancelCall.json",
    "operations/CancelOrderRobotTask.json",
    "operations/CancelRobotTask.json",
    "operations/ChangeMediaType.json",
    "operations/ClinkAgentStatus.json",
    "operations/ClinkAgentStatusDetail.json",
    "operations/ClinkBindClientTel.json",
    "operations/ClinkCdrObDetails.json",
    "operations/ClinkCreateClient.json",
    "operations/ClinkCreateEnterprisePause.json",
    "operations/ClinkCreateExten.json",
    "operations/ClinkCreateQueue.json",
    "operations/ClinkDeleteClient.json",
    "operations/ClinkDeleteExten.json",
    "operations/ClinkDescribeCdrIb.json",
    "operations/ClinkDescribeCdrIbDetails.json",
    "operations/ClinkDescribeCdrOb.json",
    "operations/ClinkDescribeCdrObDetails.json",
    "operations/ClinkDescribeClient.json",
    "operations/ClinkDescribeQueue.json",
    "operations/ClinkDescribeRecordFileUrl.json",
    "operations/ClinkDetailCdrIb.json",
    "operations/ClinkListCdrIb.json",
    "operations/ClinkListCdrIbAgent.json",
    "operations/ClinkListCdrIbs.json",
    "operations/ClinkListCdrOb.json",
    "operations/ClinkListCdrObs.json",
    "operations/ClinkListClients.json",
    "operations/ClinkListEnterprisePauses.json",
    "operations/ClinkListExtens.json",
    "operations/ClinkListIvrNodes.json",
    "operations/ClinkListIvrs.json",
    "operations/ClinkListQueues.json",
    "operations/ClinkStatIb.json",
    "operations/ClinkUpdateClient.json",
    "operations/CloudAgentLogin.json",
    "operations/CloudAgentLogout.json",
    "operations/CloudAgentMonitorStatistics.json",
    "operations/CloudAgentSetUserData.json",
    "operations/CloudAgentUnlink.json",
    "operations/CloudAgentWorkloadReport.json",
    "operations/CloudAssignAgentGroup.json",
    "operations/CloudBatchCreateAgent.json",
    "operations/CloudBatchGetAgentStatus.json",
    "operations/CloudBatchUpdateAgent.json",
    "operations/CloudCreateAgent.json",
    "operations/CloudCreateAgentGroup.json",
    "operations/CloudCreateAsr.json",
    "operations/CloudCreateEnterpriseTime.json",
    "operations/CloudCreateExten.json",
    "operations/CloudCreateQueue.json",
    "operations/CloudCreateQueueSkill.json",
    "operations/CloudCreateSkill.json",
    "operations/CloudCreateTask.json",
    "operations/CloudDeleteAgent.json",
    "operations/CloudDeleteAgentGroup.json",
    "operations/CloudDeleteAgentTel.json",
    "operations/CloudDeleteEnterpriseTime.json",
    "operations/CloudDeleteExten.json",
    "operations/CloudDeleteQueue.json",
    "operations/CloudDeleteQueueSkill.json",
    "operations/CloudDeleteSkill.json",
    "operations/CloudDeleteTask.json",
    "operations/CloudDeleteTaskTel.json",
    "operations/CloudGetAgent.json",
    "operations/CloudGetAgentStatus.json",
    "operations/CloudGetAreaCode.json",
    "operations/CloudGetAsr.json",
    "operations/CloudGetExten.json",
    "operations/CloudGetObCdr.json",
    "operations/CloudGetQueue.json",
    "operations/CloudGetRecordUrl.json",
    "operations/CloudGetTask.json",
    "operations/CloudImportTaskTel.json",
    "operations/CloudInterruptIvr.json",
    "operations/CloudListAgentGroup.json",
    "operations/CloudListAgentTel.json",
    "operations/CloudListAssignedAgentGroup.json",
    "operations/CloudListCurlLog.json",
    "operations/CloudListEnterpriseTime.json",
    "operations/CloudListExten.json",
    "operations/CloudListFreeAgent.json",
    "operations/CloudListOnlineAgent.json",
    "operations/CloudListQueue.json",
    "operations/CloudListQueueSkill.json",
    "operations/CloudListSkill.json",
    "operations/CloudListTaskFile.json",
    "operations/CloudMonitorTask.json",
    "operations/CloudOutboundObClidReport.json",
    "operations/CloudOutboundPreviewObReport.json",
    "operations/CloudPauseTask.json",
    "operations/CloudPreviewoutcall.json",
    "operations/CloudQueryAgent.json",
    "operations/CloudQueryAgentCnoAndName.json",
    "operations/CloudQueryAgentGroup.json",
    "operations/CloudQueryAgentSkill.json",
    "operations/CloudQueryIbCdr.json",
    "operations/CloudQueryObCdr.json",
    "operations/CloudQueryPredictiveCallCdr.json",
    "operations/CloudQueryRasrEvent.json",
    "operations/CloudQueryTask.json",
    "operations/CloudQueryWebcallCdr.json",
    "operations/CloudStartTask.json",
    "operations/CloudUnassignAgentGroup.json",
    "operations/CloudUpdateAgent.json",
    "operations/CloudUpdateTask.json",
    "operations/CloudWebcall.json",
    "operations/CreateCallTask.json",
    "operations/CreateRobotTask.json",
    "operations/DegradeVideoFile.json",
    "operations/DeleteRobotTask.json",
    "operations/ExecuteCallTask.json",
    "operations/GetCallMediaType.json",
    "operations/GetCallProgress.json",
    "operations/GetHotlineQualificationByOrder.json",
    "operations/GetTemporaryFileUrl.json",
    "operations/GetToken.json",
    "operations/GetVideoFieldUrl.json",
    "operations/IvrCall.json",
    "operations/ListCallTask.json",
    "operations/ListCallTaskDetail.json",
    "operations/ListHotlineTransferRegisterFile.json",
    "operations/ListServiceInstanceForPage.json",
    "operations/PauseVideoFile.json",
    "operations/PlayVideoFile.json",
    "operations/QueryCallDetailByCallId.json",
    "operations/QueryCallDetailByTaskId.json",
    "operations/QueryCallInPoolTransferConfig.json",
    "operations/QueryCallInTransferRecord.json",
    "operations/QueryRobotInfoList.json",
    "operations/QueryRobotTaskCallDetail.json",
    "operations/QueryRobotTaskCallList.json",
    "operations/QueryRobotTaskDetail.json",
    "operations/QueryRobotTaskList.json",
    "operations/QueryRobotv2AllList.json",
    "operations/QueryVideoPlayProgress.json",
    "operations/QueryVirtualNumberRelation.json",
    "operations/QueryVmsRealNumberCallConnectionRateInfo.json",
    "operations/QueryVmsVirtualNumberRelationByPage.json",
    "operations/QueryVoiceFileAuditInfo.json",
    "operations/RecoverCallInConfig.json",
    "operations/ResumeVideoFile.json",
    "operations/SeekVideoFile.json",
    "operations/SendVerification.json",
    "operations/SetTransferCalleePoolConfig.json",
    "operations/SingleCallByTts.json",
    "operations/SingleCallByVideo.json",
    "operations/SingleCallByVoice.json",
    "operations/SkipVideoFile.json",
    "operations/SmartCall.json",
    "operations/SmartCallOperate.json",
    "operations/StartRobotTask.json",
    "operations/StopCallInConfig.json",
    "operations/StopRobotTask.json",
    "operations/SubmitHotlineTransferRegister.json",
    "operations/UpgradeVideoFile.json",
    "operations/UploadRobotTaskCalledFile.json",
];

/// All embedded services.
pub fn embedded() -> &'static [EmbeddedService] {
    &[EmbeddedService { id: "dyvmsapi", folder: "dyvmsapi-2017-05-25", files: DYVMSAPI }]
}

/// Reads the embedded service of that id; [`nearest_id`] helps where there is none.
pub fn service(id: &str) -> Option<Loaded> {
    let service = embedded().iter().find(|service| service.id == id)?;
    Some(parse(service.files))
}

/// The id of an embedded service that was most likely meant, if any comes close.
pub fn nearest_id(id: &str) -> Option<&'static str> {
    nearest(id, embedded().iter().map(|service| service.id))
}

/// The voice service, read once.
pub fn dyvmsapi() -> &'static Service {
    static SERVICE: OnceLock<Service> = OnceLock::new();
    // A test proves that the files have no fault, so that the service is never the empty one.
    SERVICE.get_or_init(|| parse(DYVMSAPI).service.unwrap_or_default())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_list_of_files_equals_the_folder() {
        for service in embedded() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("services").join(service.folder);
            let operations = fs::read_dir(folder.join("operations")).expect("a folder of operations");
            let found: BTreeSet<String> = operations
                .map(|entry| format!("operations/{}", entry.unwrap().file_name().display()))
                .chain(["service.json".to_owned()])
                .collect();
            let listed: BTreeSet<String> = service.files.iter().map(|file| file.path.to_owned()).collect();
            let lines = |paths: &mut dyn Iterator<Item = &String>| {
                paths.fold(String::new(), |lines, path| lines + "    \"" + path + "\",\n")
            };
            assert!(
                found == listed,
                "src/embedded.rs, list of {}\nadd these lines:\n{}remove these lines:\n{}",
                service.id,
                lines(&mut found.difference(&listed)),
                lines(&mut listed.difference(&found)),
            );
            let sorted = service.files.iter().skip(1).is_sorted_by_key(|file| file.path);
            assert!(sorted, "src/embedded.rs: sort the operations of {}", service.id);
        }
    }

    #[test]
    fn embedded_services_have_no_fault() {
        for service in embedded() {
            let loaded = parse(service.files);
            assert_eq!(loaded.faults, [], "{}", service.id);
            let operations = loaded.service.unwrap().operations.len();
            assert_eq!(operations, service.files.len() - 1);
        }
    }

    #[test]
    fn an_embedded_service_is_found_by_its_id() {
        let loaded = service("dyvmsapi").unwrap();
        assert_eq!(loaded.service.unwrap().product, "Dyvmsapi");
        assert!(service("dyvmsapi2").is_none());
        assert_eq!(nearest_id("dyvmapi"), Some("dyvmsapi"));
    }

    #[test]
    fn the_voice_service_is_read_once() {
        assert!(std::ptr::eq(dyvmsapi(), dyvmsapi()));
        assert_eq!(dyvmsapi().version, "2017-05-25");
    }
}
