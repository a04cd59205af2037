//! Virtual numbers.

use serde_json::{Value, json};

use crate::story::{Story, column};

fn add(story: &Story, virtual_number: &str, numbers: &str, route: &str) -> Option<Value> {
    let parameters =
        [("PhoneNum", virtual_number), ("NumberList", numbers), ("RouteType", route), ("CorpNameList", "Example Ltd")];
    let mut answer = story.ask("AddVirtualNumberRelation", &parameters);
    assert_eq!((&answer["Code"], &answer["Message"]), (&json!("200"), &json!("successful")));
    answer.remove("Data")
}

#[test]
fn binds_real_numbers_once_and_names_those_that_could_not_be() {
    let story = Story::new();
    assert_eq!(add(&story, "05710000000", "13000000000,13000000001", "0"), None);
    assert_eq!(add(&story, "05710000001", "13000000001,13000000002,none", "1"), Some(json!("13000000001,none")));
    let data = story.data("QueryVirtualNumberRelation", &[]);
    assert_eq!(
        data,
        json!({
            "data": [
                relation("05710000000", "13000000000"),
                relation("05710000000", "13000000001"),
                relation("05710000001", "13000000002"),
            ],
            "pageSize": 20, "total": 3, "pageNo": 1,
        })
    );
}

fn relation(virtual_number: &str, real_number: &str) -> Value {
    json!({
        "regionNameProvince": "浙江", "relatedNum": real_number, "specName": "联通全国",
        "createTime": "2026-03-01 20:34:56", "regionNameCity": "杭州", "corpName": "Example Ltd",
        "virtualNum": virtual_number,
    })
}

#[test]
fn lists_by_filters_in_pages() {
    let story = Story::new();
    add(&story, "05710000000", "13000000000,13000000001,13000000002", "0");
    add(&story, "95000", "13000000003", "1");
    let list = |parameters: &[(&str, &str)]| {
        let data = story.data("QueryVirtualNumberRelation", parameters);
        let numbers = column(&data["data"], "relatedNum").into_iter();
        (numbers.map(|number| number.as_str().unwrap()[9..].to_owned()).collect::<String>(), data["total"].clone())
    };
    assert_eq!(list(&[("PhoneNum", "95000")]), ("03".to_owned(), json!(1)));
    assert_eq!(list(&[("RelatedNum", "13000000001")]), ("01".to_owned(), json!(1)));
    assert_eq!(list(&[("RouteType", "0"), ("PageNo", "2"), ("PageSize", "2")]), ("02".to_owned(), json!(3)));
    assert_eq!(list(&[("SpecId", "3")]), ("03".to_owned(), json!(1)));
    assert_eq!(list(&[("RegionNameCity", "hangzhou"), ("PageSize", "1")]), ("00".to_owned(), json!(4)));
    assert_eq!(list(&[("RegionNameCity", "浙江/杭州"), ("PageNo", "5"), ("PageSize", "1")]), (String::new(), json!(4)));
    assert_eq!(list(&[("RegionNameCity", "beijing")]), (String::new(), json!(0)));

    let typed = |parameters: &[(&str, &str)]| {
        let model = story.member("QueryVmsVirtualNumberRelationByPage", parameters, "Model");
        (model["Data"].as_array().unwrap().len(), model["Total"].clone())
    };
    assert_eq!(typed(&[("VirtualNumber", "05710000000"), ("State", "1"), ("PageSize", "2")]), (2, json!(3)));
    assert_eq!(typed(&[("RealNumber", "13000000003"), ("NumberCity", "杭州")]), (1, json!(1)));
    assert_eq!(typed(&[("State", "0")]), (0, json!(0)));
    assert_eq!(typed(&[("NumberProvince", "北京")]), (0, json!(0)));
}
