//! Virtual numbers, and the real numbers that stand behind them.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::Answer;
use super::asked::{Asked, callable, showable};
use super::time::Time;

/// So many real numbers can be bound; further ones cannot.
const MOST_RELATIONS: usize = 10_000;

/// Nothing in a request tells these, so they are the same for all.
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
    /// The kind of a number, as its first digits tell it.
    fn kind(&self) -> &'static str {
        match self.virtual_number.as_str() {
            number if number.starts_with("95") => "3",
            number if number.starts_with('0') => "1",
            _ => "2",
        }
    }
}

impl Numbers {
    pub(crate) fn answer(&mut self, action: &str, asked: Asked<'_>) -> Option<Answer> {
        Some(match action {
            "AddVirtualNumberRelation" => self.add(asked),
            "QueryVirtualNumberRelation" => self.list(asked),
            "QueryVmsVirtualNumberRelationByPage" => self.list_typed(asked),
            _ => return None,
        })
    }

    /// Binds what can be bound: a real number stands behind one virtual number only.
    fn add(&mut self, asked: Asked<'_>) -> Answer {
        let virtual_number = showable(asked.given("PhoneNum").unwrap_or_default())?;
        let company = asked.text("CorpNameList")?;
        let route = asked.whole("RouteType", 0..=u64::MAX)?.unwrap_or(0).to_string();
        let mut failed = Vec::new();
        for real_number in asked.list("NumberList") {
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
                created: asked.now,
            });
        }
        Ok(if failed.is_empty() { Vec::new() } else { vec![("Data", failed.join(",").into())] })
    }

    fn list(&self, asked: Asked<'_>) -> Answer {
        let page = asked.page("PageNo", "PageSize", 20)?;
        // One page writes a place as `浙江/杭州`, the other as `hangzhou`.
        let is_here = asked
            .given("RegionNameCity")
            .is_none_or(|place| place.rsplit('/').next() == Some(CITY) || place.eq_ignore_ascii_case("hangzhou"));
        let matching = self.relations.iter().filter(|relation| {
            is_here
                && asked.admits("PhoneNum", &relation.virtual_number)
                && asked.admits("RelatedNum", &relation.real_number)
                && asked.admits("QualificationId", QUALIFICATION)
                && asked.admits("SpecId", relation.kind())
                && asked.admits("RouteType", &relation.route)
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

    fn list_typed(&self, asked: Asked<'_>) -> Answer {
        const IN_FORCE: &str = "1";
        let page = asked.page("PageNo", "PageSize", 20)?;
        let matching = self.relations.iter().filter(|relation| {
            asked.admits("VirtualNumber", &relation.virtual_number)
                && asked.admits("RealNumber", &relation.real_number)
                && asked.admits("State", IN_FORCE)
                && asked.admits("NumberProvince", PROVINCE)
                && asked.admits("NumberCity", CITY)
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
