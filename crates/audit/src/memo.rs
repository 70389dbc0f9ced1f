//! What is worked out of a survey once, for all who ask for it: one value per type.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

type Values = HashMap<TypeId, Arc<dyn Any + Send + Sync>>;

/// The values, by their type. Only for what follows from the survey alone.
#[derive(Default)]
pub struct Memo(Mutex<Values>);

impl Memo {
    /// The value of this type, made at first use. Making it may ask for values of other types.
    pub fn of<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        if let Some(known) = self.known() {
            return known;
        }
        let made = Arc::new(make());
        if let Ok(mut values) = self.0.lock() {
            values.insert(TypeId::of::<T>(), made.clone());
        }
        made
    }

    fn known<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        let values = self.0.lock().ok()?;
        values.get(&TypeId::of::<T>())?.clone().downcast().ok()
    }
}
