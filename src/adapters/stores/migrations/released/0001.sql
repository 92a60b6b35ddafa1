begin;
CREATE TABLE migrations (version integer not null primary key, name text not null, hash text not null);
insert into migrations values (1, 'first', 'sha256:83752336bc4fe95718dfcc2f5b2545ddd529224c175496eff8cae88c41caead9');
CREATE TABLE actors (
      org_id text not null, id text not null, version bigint not null,
      kind text not null, lifecycle text not null, created_at bigint not null,
      body text not null, primary key (org_id, id));
insert into actors values ('org', 'ada', 1, 'human', 'active', 1800000000000, '{"id":"ada","kind":"human","name":"ada","roles":["member"],"deputy":null,"vouched_by":"mandate","entitlement":null,"lifecycle":"active","created_at":1800000000000,"updated_at":1800000000000,"version":1}');
insert into actors values ('org', 'writer', 1, 'agent', 'registered', 1800000000000, '{"id":"writer","kind":"agent","name":"writer","purpose":"To try things out.","owners":{"business":{"human":"ada","accepted_at":null},"technical":{"human":"ben","accepted_at":null},"escalation":{"human":"cleo","accepted_at":null}},"environment":"dev","entitlement":{"tools":["files/*"],"set_by":"operator","reason":"A sample.","approved_by":null,"review_by":1800000000000},"autonomy":"supervised","spiffe_id":null,"probation_since":null,"lifecycle":"registered","created_at":1800000000000,"updated_at":1800000000000,"version":1}');
CREATE TABLE servers (
      org_id text not null, id text not null, version bigint not null,
      created_at bigint not null,
      body text not null, primary key (org_id, id));
insert into servers values ('org', 'files', 1, 1800000000000, '{"id":"files","transport":{"type":"stdio","command":"node","args":["server.js"],"env":{"MODE":"quiet"}},"environment":"dev","trust":"untrusted","regulated":false,"isolation":"task","state":"registered","created_at":1800000000000,"updated_at":1800000000000,"version":1}');
CREATE TABLE tools (
      org_id text not null, server text not null, name text not null, version bigint not null,
      body text not null, primary key (org_id, server, name));
insert into tools values ('org', 'files', 'read', 1, '{"server":"files","name":"read","digest":"sha256:00","definition":{"name":"read","description":"Reads.","inputSchema":{"type":"object","properties":{"path":{"type":"string"}}}},"facts":{"effect_class":["read"],"reversible":true,"source":"derived","set_by":"mandate","reason":"A sample."},"state":"pinned","state_reason":null,"offered":null,"updated_at":1800000000000,"version":1}');
CREATE TABLE tasks (
      org_id text not null, id text not null, version bigint not null,
      agent text not null, state text not null,
      body text not null, primary key (org_id, id));
insert into tasks values ('org', 'tsk_01mcc5rm01e008000000000000', 1, 'writer', 'open', '{"id":"tsk_01mcc5rm01e008000000000000","agent":"writer","environment":"dev","purpose":"Tidy up.","purpose_source":"human","revision":1,"revisions":[{"revision":1,"purpose":"Tidy up.","purpose_source":"human","set_by":"ada","at":1800000000000}],"trigger":{"kind":"human","id":"ada"},"chain":[{"actor":"ada","kind":"human"},{"actor":"writer","kind":"agent"}],"scope":{"tools":["files/read"],"data_ceiling":"internal"},"budget":{"calls":10},"parent":null,"state":"open","purpose_unstated":false,"opened_at":1800000000000,"expires_at":1800003600000,"ended_at":null,"ended_reason":null,"version":1}');
CREATE TABLE approvals (
      org_id text not null, id text not null, version bigint not null,
      agent text not null, state text not null,
      body text not null, primary key (org_id, id));
insert into approvals values ('org', 'apr_01mcc5rm01e008000000000000', 1, 'writer', 'pending', '{"id":"apr_01mcc5rm01e008000000000000","subject":{"kind":"action","server":"files","tool":"write","definition_digest":"sha256:00","task":"tsk_01mcc5rm01e008000000000000","revision":1,"shown":"{\"name\":\"write\"}"},"digest":"sha256:11","agent":"writer","environment":"dev","chain":[{"actor":"writer","kind":"agent"}],"excluded":["writer"],"steps":[{"asked":["ada"],"from":1800000000000}],"roles":["approver"],"quorum":1,"votes":[],"state":"pending","message":"May it write?","decision":"dec_01mcc5rm01e008000000000000","policy":{"serial":1,"hash":"sha256:22"},"nonce":"abc","created_at":1800000000000,"expires_at":1800000900000,"version":1}');
CREATE TABLE credentials (
      org_id text not null, id text not null, version bigint not null,
      kind text not null, hash text not null, actor text not null, task text, ended integer not null,
      body text not null, primary key (org_id, id));
insert into credentials values ('org', 'crd_01mcc5rm01e008000000000000', 1, 'task_token', 'sha256:1', 'writer', 'tsk_01mcc5rm01e008000000000000', 0, '{"id":"crd_01mcc5rm01e008000000000000","kind":"task_token","hash":"sha256:1","actor":"writer","task":"tsk_01mcc5rm01e008000000000000","label":null,"issued_by":null,"created_at":1800000000000,"expires_at":1800000060000,"stepped_up_at":null,"ended_at":null,"ended_reason":null,"version":1}');
CREATE TABLE policy_sets (
      org_id text not null, serial bigint not null, version bigint not null,
      state text not null,
      body text not null, primary key (org_id, serial));
insert into policy_sets values ('org', 1, 1, 'published', '{"serial":1,"hash":"sha256:1","files":[{"name":"baseline/a.cedar","text":"forbid(principal, action, resource);\n"}],"state":"published","set_by":"ada","reason":"A sample.","published_at":1800000000000,"version":1}');
CREATE TABLE changes (
      org_id text not null, seq bigint not null, id text not null,
      body text not null, primary key (org_id, seq));
insert into changes values ('org', 1, 'chg_01mcc5vnn1e008000000000000', '{"id":"chg_01mcc5vnn1e008000000000000","at":1800000100001,"kind":"registered","by":"operator","writes":[{"noun":"actor","value":{"id":"ada","kind":"human","name":"ada","roles":["member"],"deputy":null,"vouched_by":"mandate","entitlement":null,"lifecycle":"active","created_at":1800000000000,"updated_at":1800000000000,"version":1}},{"noun":"actor","value":{"id":"writer","kind":"agent","name":"writer","purpose":"To try things out.","owners":{"business":{"human":"ada","accepted_at":null},"technical":{"human":"ben","accepted_at":null},"escalation":{"human":"cleo","accepted_at":null}},"environment":"dev","entitlement":{"tools":["files/*"],"set_by":"operator","reason":"A sample.","approved_by":null,"review_by":1800000000000},"autonomy":"supervised","spiffe_id":null,"probation_since":null,"lifecycle":"registered","created_at":1800000000000,"updated_at":1800000000000,"version":1}},{"noun":"server","value":{"id":"files","transport":{"type":"stdio","command":"node","args":["server.js"],"env":{"MODE":"quiet"}},"environment":"dev","trust":"untrusted","regulated":false,"isolation":"task","state":"registered","created_at":1800000000000,"updated_at":1800000000000,"version":1}},{"noun":"tool","value":{"server":"files","name":"read","digest":"sha256:00","definition":{"name":"read","description":"Reads.","inputSchema":{"type":"object","properties":{"path":{"type":"string"}}}},"facts":{"effect_class":["read"],"reversible":true,"source":"derived","set_by":"mandate","reason":"A sample."},"state":"pinned","state_reason":null,"offered":null,"updated_at":1800000000000,"version":1}},{"noun":"task","value":{"id":"tsk_01mcc5rm01e008000000000000","agent":"writer","environment":"dev","purpose":"Tidy up.","purpose_source":"human","revision":1,"revisions":[{"revision":1,"purpose":"Tidy up.","purpose_source":"human","set_by":"ada","at":1800000000000}],"trigger":{"kind":"human","id":"ada"},"chain":[{"actor":"ada","kind":"human"},{"actor":"writer","kind":"agent"}],"scope":{"tools":["files/read"],"data_ceiling":"internal"},"budget":{"calls":10},"parent":null,"state":"open","purpose_unstated":false,"opened_at":1800000000000,"expires_at":1800003600000,"ended_at":null,"ended_reason":null,"version":1}},{"noun":"approval","value":{"id":"apr_01mcc5rm01e008000000000000","subject":{"kind":"action","server":"files","tool":"write","definition_digest":"sha256:00","task":"tsk_01mcc5rm01e008000000000000","revision":1,"shown":"{\"name\":\"write\"}"},"digest":"sha256:11","agent":"writer","environment":"dev","chain":[{"actor":"writer","kind":"agent"}],"excluded":["writer"],"steps":[{"asked":["ada"],"from":1800000000000}],"roles":["approver"],"quorum":1,"votes":[],"state":"pending","message":"May it write?","decision":"dec_01mcc5rm01e008000000000000","policy":{"serial":1,"hash":"sha256:22"},"nonce":"abc","created_at":1800000000000,"expires_at":1800000900000,"version":1}},{"noun":"credential","value":{"id":"crd_01mcc5rm01e008000000000000","kind":"task_token","hash":"sha256:1","actor":"writer","task":"tsk_01mcc5rm01e008000000000000","label":null,"issued_by":null,"created_at":1800000000000,"expires_at":1800000060000,"stepped_up_at":null,"ended_at":null,"ended_reason":null,"version":1}},{"noun":"policy_set","value":{"serial":1,"hash":"sha256:1","files":[{"name":"baseline/a.cedar","text":"forbid(principal, action, resource);\n"}],"state":"published","set_by":"ada","reason":"A sample.","published_at":1800000000000,"version":1}}]}');
CREATE TABLE change_heads (
      org_id text not null, seq bigint not null, primary key (org_id));
insert into change_heads values ('org', 1);
CREATE TABLE nodes (
      org_id text not null, id text not null,
      body text not null, primary key (org_id, id));
insert into nodes values ('org', 'nod_01mcc5rm01e008000000000000', '{"id":"nod_01mcc5rm01e008000000000000","started_at":1800000000000,"heartbeat_at":1800000000000,"policy_serial":1,"change_seq":1,"version":"0.1.0"}');
CREATE INDEX actors_newest on actors (org_id, created_at, id);
CREATE INDEX servers_newest on servers (org_id, created_at, id);
CREATE INDEX tasks_of_agent on tasks (org_id, agent, id);
CREATE INDEX tasks_by_state on tasks (org_id, state, id);
CREATE INDEX approvals_of_agent on approvals (org_id, agent, id);
CREATE INDEX approvals_by_state on approvals (org_id, state, id);
CREATE UNIQUE INDEX credentials_by_hash on credentials (org_id, hash);
CREATE INDEX credentials_of_actor on credentials (org_id, actor, id);
CREATE INDEX credentials_of_task on credentials (org_id, task, id);
CREATE INDEX credentials_by_end on credentials (org_id, ended, id);
CREATE UNIQUE INDEX changes_by_id on changes (org_id, id);
commit;
