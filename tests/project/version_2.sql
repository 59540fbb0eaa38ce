PRAGMA application_id=1131564400;
PRAGMA user_version=2;
BEGIN TRANSACTION;
CREATE TABLE edit (
	tile_id INTEGER NOT NULL, 
	sequence INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	data JSON NOT NULL, 
	author TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (tile_id, sequence), 
	FOREIGN KEY(tile_id) REFERENCES tile (id)
);
INSERT INTO "edit" VALUES(1,1,1,'prompt_set','{"id":"a"}','Ada','2026-11-29 13:58:37.170029');
INSERT INTO "edit" VALUES(1,2,2,'prompt_set','{"id":"b"}','Ada','2026-11-29 13:58:37.201983');
INSERT INTO "edit" VALUES(1,3,2,'prompt_set','{"id":"b2"}','Ada','2026-11-29 13:58:37.201983');
INSERT INTO "edit" VALUES(1,4,3,'prompt_set','{"id":"c"}','Ada','2026-11-29 13:58:37.218000');
INSERT INTO "edit" VALUES(1,5,5,'prompt_set','{"id":"d\u00fc\ud83c\udf3e"}','Ada','2026-11-29 13:58:37.246189');
INSERT INTO "edit" VALUES(1,6,6,'prompt_set','{"id":"e"}','Ada','2026-11-29 13:58:37.257927');
CREATE TABLE journal (
	id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	author TEXT NOT NULL, 
	scene_id VARCHAR(32) NOT NULL, 
	tile TEXT, 
	action VARCHAR(32) NOT NULL, 
	detail JSON NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "journal" VALUES(1,'2026-11-29 13:58:37.096091','','',NULL,'project created','{"name":"Farm"}');
INSERT INTO "journal" VALUES(2,'2026-11-29 13:58:37.136872','','8142a2ac3e434302b8fc84a27a093fc5',NULL,'scene added','{"name":"May","tiles":3}');
INSERT INTO "journal" VALUES(3,'2026-11-29 13:58:37.170029','Ada','8142a2ac3e434302b8fc84a27a093fc5','x0_y0','edit','{"kinds":["prompt_set"],"first_sequence":1}');
INSERT INTO "journal" VALUES(4,'2026-11-29 13:58:37.201983','Ada','8142a2ac3e434302b8fc84a27a093fc5','x0_y0','edit','{"kinds":["prompt_set","prompt_set"],"first_sequence":2}');
INSERT INTO "journal" VALUES(5,'2026-11-29 13:58:37.218000','Ada','8142a2ac3e434302b8fc84a27a093fc5','x0_y0','edit','{"kinds":["prompt_set"],"first_sequence":4}');
INSERT INTO "journal" VALUES(6,'2026-11-29 13:58:37.229990','Ada','8142a2ac3e434302b8fc84a27a093fc5','x0_y0','undo','{"kinds":["prompt_set"]}');
INSERT INTO "journal" VALUES(7,'2026-11-29 13:58:37.246189','Ada','8142a2ac3e434302b8fc84a27a093fc5','x0_y0','edit','{"kinds":["prompt_set"],"first_sequence":5}');
INSERT INTO "journal" VALUES(8,'2026-11-29 13:58:37.257927','Ada','8142a2ac3e434302b8fc84a27a093fc5','x0_y0','edit','{"kinds":["prompt_set"],"first_sequence":6}');
INSERT INTO "journal" VALUES(9,'2026-11-29 13:58:37.273945','Ada','8142a2ac3e434302b8fc84a27a093fc5','x0_y0','undo','{"kinds":["prompt_set"]}');
INSERT INTO "journal" VALUES(10,'2026-11-29 13:58:37.285957','Ada','8142a2ac3e434302b8fc84a27a093fc5','x1_y0','verdict','{"verdict":"accepted","before":"open","comment":"fine"}');
CREATE TABLE project (
	id VARCHAR(32) NOT NULL, 
	name TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	changed_at DATETIME NOT NULL, 
	revision BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "project" VALUES('53621a021e824323afb9a1f278a7b416','Farm','2026-11-29 13:58:37.077601','2026-11-29 13:58:37.285957',10);
CREATE TABLE scene (
	id VARCHAR(32) NOT NULL, 
	name TEXT NOT NULL, 
	scene JSON NOT NULL, 
	landcover JSON, 
	settings JSON NOT NULL, 
	version INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	added_at DATETIME NOT NULL, 
	removed BOOLEAN NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "scene" VALUES('8142a2ac3e434302b8fc84a27a093fc5','May','{"path":"may.tif"}',NULL,'{}',0,0,'2026-11-29 13:58:37.136872',0);
CREATE TABLE second_review (
	tile_id INTEGER NOT NULL, 
	drawn_at DATETIME NOT NULL, 
	drawn_by TEXT NOT NULL, 
	seed BIGINT NOT NULL, 
	first_verdict VARCHAR(16), 
	first_reviewer TEXT, 
	first_comment TEXT, 
	first_at DATETIME, 
	first_head INTEGER, 
	first_version INTEGER, 
	second_verdict VARCHAR(16), 
	second_reviewer TEXT, 
	second_comment TEXT, 
	second_at DATETIME, 
	second_head INTEGER, 
	PRIMARY KEY (tile_id), 
	FOREIGN KEY(tile_id) REFERENCES tile (id)
);
CREATE TABLE step (
	tile_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	parent INTEGER NOT NULL, 
	PRIMARY KEY (tile_id, number), 
	FOREIGN KEY(tile_id) REFERENCES tile (id)
);
INSERT INTO "step" VALUES(1,1,0);
INSERT INTO "step" VALUES(1,2,1);
INSERT INTO "step" VALUES(1,3,2);
INSERT INTO "step" VALUES(1,5,2);
INSERT INTO "step" VALUES(1,6,5);
CREATE TABLE tile (
	id INTEGER NOT NULL, 
	scene_id VARCHAR(32) NOT NULL, 
	name TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	window_column INTEGER NOT NULL, 
	window_row INTEGER NOT NULL, 
	window_width INTEGER NOT NULL, 
	window_height INTEGER NOT NULL, 
	figures JSON NOT NULL, 
	verdict VARCHAR(16) NOT NULL, 
	reviewer TEXT NOT NULL, 
	comment TEXT NOT NULL, 
	verdict_at DATETIME, 
	verdict_version INTEGER NOT NULL, 
	verdict_head INTEGER, 
	log_version INTEGER NOT NULL, 
	head INTEGER NOT NULL, 
	tip INTEGER NOT NULL, 
	last_sequence INTEGER NOT NULL, 
	edit_count INTEGER NOT NULL, 
	revision BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (scene_id, name), 
	FOREIGN KEY(scene_id) REFERENCES scene (id)
);
INSERT INTO "tile" VALUES(1,'8142a2ac3e434302b8fc84a27a093fc5','x0_y0',0,0,0,1024,768,'{}','open','','',NULL,0,NULL,7,5,6,6,4,9);
INSERT INTO "tile" VALUES(2,'8142a2ac3e434302b8fc84a27a093fc5','x1_y0',1,900,0,1024,768,'{}','accepted','Ada','fine','2026-11-29 13:58:37.285957',1,0,0,0,0,0,0,10);
INSERT INTO "tile" VALUES(3,'8142a2ac3e434302b8fc84a27a093fc5','x2_y0',2,1800,0,1024,768,'{}','open','','',NULL,0,NULL,0,0,0,0,0,2);
CREATE INDEX journal_by_tile ON journal (scene_id, tile);
CREATE INDEX ix_tile_revision ON tile (revision);
CREATE INDEX edit_by_step ON edit (tile_id, step);
COMMIT;
