//! Virtual numbers, and the real numbers that are bound to them.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::arguments::{Answer, Arguments, callable, showable};
use crate::time::Time;

/// Maximum number of bound real numbers.
const MOST_RELATIONS: usize = 10_000;

/// Requests do not contain these values, so they are the same for all.
const PROVINCE: &str = "浙江";
const CITY: &str = "杭州";
const QUALIFICATION: &str = "10000005420000";

#[derive(Default)]
pub(crate) struct Numbers {
    relations: Vec<Relation>,
    bound: HashSet<String>,
}

struct Relation {
    virtual_number: String,
    real_number: String,
    route: String,
    company: String,
    created: Time,
}

impl Relation {
    /// The kind of a number, by its first digits.
    fn kind(&self) -> &'static str {
        match self.virtual_number.as_str() {
            number if number.starts_with("95") => "3",
            number if number.starts_with('0') => "1",
            _ => "2",
        }
    }
}

impl Numbers {
    pub(crate) fn answer(&mut self, action: &str, arguments: Arguments<'_>) -> Option<Answer> {
        Some(match action {
            "AddVirtualNumberRelation" => self.add(arguments),
            "QueryVirtualNumberRelation" => self.list(arguments),
            "QueryVmsVirtualNumberRelationByPage" => self.list_typed(arguments),
            _ => return None,
        })
    }

    /// Binds what can be bound: a real number is bound to one virtual number only.
    fn add(&mut self, arguments: Arguments<'_>) -> Answer {
        let virtual_number = showable(arguments.given("PhoneNum").unwrap_or_default())?;
        let company = arguments.text("CorpNameList")?;
        let route = arguments.whole("RouteType", 0..=u64::MAX)?.unwrap_or(0).to_string();
        let mut failed = Vec::new();
        for real_number in arguments.list("NumberList") {
            let can_be = callable(real_number).is_ok() && self.relations.len() < MOST_RELATIONS;
            if !can_be || !self.bound.insert(real_number.to_owned()) {
                failed.push(real_number);
                continue;
            }
            self.relations.push(Relation {
                virtual_number: virtual_number.to_owned(),
                real_number: real_number.to_owned(),
                route: route.clone(),
                company: company.clone(),
                created: arguments.now,
            });
        }
        Ok(if failed.is_empty() { Vec::new() } else { vec![("Data", failed.join(",").into())] })
    }

    fn list(&self, arguments: Arguments<'_>) -> Answer {
        let page = arguments.page("PageNo", "PageSize", 20)?;
        // One page writes a place as `浙江/杭州`, the other one as `hangzhou`.
        let is_here = arguments
            .given("RegionNameCity")
            .is_none_or(|place| place.rsplit('/').next() == Some(CITY) || place.eq_ignore_ascii_case("hangzhou"));
        let matching = self.relations.iter().filter(|relation| {
            is_here
                && arguments.admits("PhoneNum", &relation.virtual_number)
                && arguments.admits("RelatedNum", &relation.real_number)
                && arguments.admits("QualificationId", QUALIFICATION)
                && arguments.admits("SpecId", relation.kind())
                && arguments.admits("RouteType", &relation.route)
        });
        let (records, total) = page.cut(matching, |relation| {
            json!({
                "regionNameProvince": PROVINCE,
                "relatedNum": relation.real_number,
                "specName": "联通全国",
                "createTime": relation.created.dashed(),
                "regionNameCity": CITY,
                "corpName": relation.company,
                "virtualNum": relation.virtual_number,
            })
        });
        let data = json!({ "data": records, "pageSize": page.size, "total": total, "pageNo": page.number });
        Ok(vec![("Data", data)])
    }

    fn list_typed(&self, arguments: Arguments<'_>) -> Answer {
        const IN_FORCE: &str = "1";
        let page = arguments.page("PageNo", "PageSize", 20)?;
        let matching = self.relations.iter().filter(|relation| {
            arguments.admits("VirtualNumber", &relation.virtual_number)
                && arguments.admits("RealNumber", &relation.real_number)
                && arguments.admits("State", IN_FORCE)
                && arguments.admits("NumberProvince", PROVINCE)
                && arguments.admits("NumberCity", CITY)
        });
        let (records, total) = page.cut(matching, |relation| {
            json!({
                "RealNumber": relation.real_number,
                "VirtualNumber": relation.virtual_number,
                "State": 1,
                "NumberCity": CITY,
                "NumberProvince": PROVINCE,
            })
        });
        let model = json!({ "PageNo": page.number, "PageSize": page.size, "Total": total, "Data": records });
        Ok(vec![("Success", Value::Bool(true)), ("Model", model)])
    }
}
