//! An application's own tests, as they would be written: the typed client, the emulator's account, and a clock.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use dyvmsapi::call::{CallProduct, QueryCallDetailByCallId, SingleCallByTts};
use dyvmsapi::number::{AddVirtualNumberRelation, QueryVmsVirtualNumberRelationByPage};
use dyvmsapi::robot::{
    CreateRobotTask, QueryRobotTaskCallList, QueryRobotTaskDetail, QueryRobotTaskList, StartRobotTask,
    UploadRobotTaskCalledFile,
};
use dyvmsapi::task::{CallTaskCommand, CreateCallTask, ExecuteCallTask, ListCallTaskDetail};
use dyvmsapi::types::{CallStatusCode, RobotTaskStatus};
use dyvmsapi::{Client, Credentials};
use dyvmsapi_emulator::{Emulator, Limits};

/// 2026-03-02 10:00:00 in China.
const START: u64 = 1_772_416_800;

struct Account {
    emulator: Emulator,
    client: Client,
    clock: Arc<AtomicU64>,
}

impl Account {
    fn new(limits: Limits) -> Self {
        let clock = Arc::new(AtomicU64::new(START));
        let now = Arc::clone(&clock);
        let emulator = dyvmsapi_emulator::builder()
            .clock(move || UNIX_EPOCH + Duration::from_secs(now.load(Ordering::Relaxed)))
            // The client signs with the time of the machine.
            .time_window(Duration::from_secs(1000 * 365 * 86_400))
            .limits(limits)
            .build();
        let credentials = Credentials::new("testid", "testsecret");
        let client = Client::builder().credentials(credentials).transport(emulator.transport()).build().unwrap();
        Self { emulator, client, clock }
    }

    fn wait(&self, seconds: u64) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    fn now(&self) -> i64 {
        i64::try_from(self.clock.load(Ordering::Relaxed) * 1000).unwrap()
    }
}

#[tokio::test]
async fn a_notification_is_placed_and_its_outcome_is_read() {
    let account = Account::new(Limits::Off);
    for (number, outcome) in [("13000000000", CallStatusCode::Completed), ("13000000002", CallStatusCode::Busy)] {
        let placed = account.client.send(SingleCallByTts::new(number, "TTS_10001")).await.unwrap();
        let id = placed.call_id.unwrap();
        let query = || QueryCallDetailByCallId::new(id.as_str(), CallProduct::VerificationCode, account.now());
        let detail = account.client.send(query()).await.unwrap().data.unwrap();
        assert_eq!((detail.state, detail.duration), (Some(CallStatusCode::Calling), Some(0)));
        account.wait(300);
        account.emulator.assert_nothing_pending();
        let detail = account.client.send(query()).await.unwrap().data.unwrap();
        assert_eq!((detail.callee.as_deref(), detail.state.as_ref()), (Some(number), Some(&outcome)));
        assert_eq!(detail.duration.unwrap() > 0, outcome == CallStatusCode::Completed);
    }
}

#[tokio::test]
async fn a_call_beyond_the_limit_is_an_error_and_rings_nobody() {
    let account = Account::new(Limits::Documented);
    let request = || SingleCallByTts::new("13000000000", "TTS_10001");
    account.client.send(request()).await.unwrap();
    let error = account.client.send(request()).await.unwrap_err();
    assert_eq!(error.code(), Some("isv.BUSINESS_LIMIT_CONTROL"));
    assert_eq!(error.message(), Some("触发分钟级流控Permits:1"));
    account.wait(60);
    account.client.send(request()).await.unwrap();
}

#[tokio::test]
async fn a_robot_task_is_made_and_every_call_of_it_is_read() {
    let account = Account::new(Limits::Off);
    let client = &account.client;
    let create = CreateRobotTask::new("Survey March", 1_000_002_300_001, ["05710000000"], true, 0);
    let id: i64 = client.send(create).await.unwrap().data.unwrap().parse().unwrap();
    for batch in 0..3 {
        let numbers = (0..100).map(|index| format!("130000{batch}{index:04}"));
        client.send(UploadRobotTaskCalledFile::new(id, numbers)).await.unwrap();
    }
    client.send(StartRobotTask::new(id)).await.unwrap();
    account.wait(10);
    let detail = client.send(QueryRobotTaskDetail::new(id)).await.unwrap().data.unwrap();
    assert_eq!(detail.status, Some(RobotTaskStatus::Executing));
    account.wait(600);
    account.emulator.assert_nothing_pending();
    let list = QueryRobotTaskList::new().status(RobotTaskStatus::Finished).task_name("Survey March");
    let task = client.items(list).next().await.unwrap().unwrap();
    assert_eq!((task.id, task.total_count, task.finish_count), (Some(id.to_string()), Some(300), Some(300)));
    let mut calls = client.items(QueryRobotTaskCallList::new().task_id(id.to_string()).page_size(70));
    let mut answered = 0;
    let mut count = 0;
    while let Some(call) = calls.next().await.unwrap() {
        count += 1;
        answered += usize::from(call.call_result.as_deref() == Some("接通"));
        assert_eq!(call.duration.unwrap() > 0, call.call_result.as_deref() == Some("接通"));
    }
    assert_eq!(count, 300);
    assert!((100..240).contains(&answered), "{answered}");
}

#[tokio::test]
async fn call_tasks_and_virtual_numbers_are_listed_page_by_page() {
    let account = Account::new(Limits::Off);
    let client = &account.client;
    let numbers: Vec<String> = (0..25).map(|index| format!("130000010{index:02}")).collect();
    let id = client.send(CreateCallTask::new().resource("05710000000").data(numbers.join(","))).await.unwrap();
    let id = id.data.unwrap();
    client.send(ExecuteCallTask::new(CallTaskCommand::Start, id)).await.unwrap();
    account.wait(600);
    let mut calls = client.items(ListCallTaskDetail::new(id));
    let mut called = Vec::new();
    while let Some(call) = calls.next().await.unwrap() {
        called.push(call.called_num.unwrap());
    }
    assert_eq!(called, numbers);

    client.send(AddVirtualNumberRelation::new("05710000000", numbers.clone(), 0)).await.unwrap();
    let mut relations = client.items(QueryVmsVirtualNumberRelationByPage::new().page_size(10));
    let mut bound = Vec::new();
    while let Some(relation) = relations.next().await.unwrap() {
        bound.push(relation.real_number.unwrap());
    }
    assert_eq!(bound, numbers);
}
